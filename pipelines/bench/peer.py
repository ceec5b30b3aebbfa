#!/usr/bin/python3
"""The same work as the rs programs do, by scikit-learn and scipy as Debian ships them.

Usage: peer.py TOOL WORK --matrix M [--graph G] [--csv C] [--work-max N] [--threads N] --out LISTS.npz

Prints a line of JSON: seconds of wall and processor from the matrix file to the result, without the start
of Python and its imports. Where all rows would take more than --work-max multiply-adds only a sample
of them is done, every n-th in the order of work, and the times of the work are scaled up; "sampled" is
the share. What was found for the rows done goes to --out, for check.py.
"""

import argparse
import json
import time

import numpy
from scipy.sparse import coo_matrix, csr_matrix, diags

import rsfile

TOP = 50
SHRINK = 100
BLOCK = 256  # rows of a product at once


def clocks():
    return numpy.array([time.perf_counter(), time.process_time()])


def sample(lines, others, most):
    """Rows to do, and their share of the multiply-adds; a row's are the lengths of its columns."""
    work = lines.astype(bool) @ numpy.diff(others.indptr).astype(float)
    n = lines.shape[0]
    if work.sum() <= most:
        return numpy.arange(n), 1.0
    order = numpy.argsort(work, kind="stable")
    step = work.sum() / most
    rows = numpy.sort(order[(numpy.arange(0.5, n / step) * step).astype(int)])
    return rows, work[rows].sum() / work.sum()


def normalised(lines):
    norms = numpy.sqrt(lines.multiply(lines).sum(axis=1)).A1
    return diags(1 / numpy.where(norms > 0, norms, 1)).astype(numpy.float32) @ lines


def best(scores, rows, k):
    """The K greatest of every row of a dense block, itself left out."""
    scores[numpy.arange(len(rows)), rows] = -numpy.inf
    k = min(k, scores.shape[1] - 1)
    top = numpy.argpartition(-scores, k - 1, axis=1)[:, :k]
    return top, numpy.take_along_axis(scores, top, axis=1)


def blocks(rows):
    return (rows[at:at + BLOCK] for at in range(0, len(rows), BLOCK))


def products(lines, others, rows):
    """scipy's sparse product alone; selection is not timed."""
    spent, found = numpy.zeros(2), []
    for block in blocks(rows):
        begin = clocks()
        product = lines[block] @ others
        spent += clocks() - begin
        found.append(best(product.toarray(), block, TOP))
    return spent, found


def nearest(lines, rows, threads):
    from sklearn.neighbors import NearestNeighbors
    begin = clocks()
    model = NearestNeighbors(n_neighbors=min(TOP + 1, lines.shape[0]), metric="cosine",
                             algorithm="brute", n_jobs=threads).fit(lines)
    distances, top = model.kneighbors(lines[rows])
    spent = clocks() - begin
    similar = 1 - distances
    similar[top == rows[:, None]] = -numpy.inf
    return spent, [(top, similar)]


def pearson(lines, others, rows):
    """Of co-rated entries, from five sparse products; times n / (n + SHRINK)."""
    spent, found = numpy.zeros(2), []
    begin = clocks()
    ones, others_ones = lines.copy(), others.copy()
    ones.data, others_ones.data = numpy.ones_like(ones.data), numpy.ones_like(others_ones.data)
    squares, others_squares = lines.multiply(lines).tocsr(), others.multiply(others).tocsr()
    for block in blocks(rows):
        n = (ones[block] @ others_ones).toarray().astype(float)
        x, y = (lines[block] @ others_ones).toarray(), (ones[block] @ others).toarray()
        xx, yy = (squares[block] @ others_ones).toarray(), (ones[block] @ others_squares).toarray()
        xy = (lines[block] @ others).toarray().astype(float)
        x, y, xx, yy = (part.astype(float) for part in (x, y, xx, yy))
        below = numpy.sqrt(numpy.maximum(n * xx - x * x, 0) * numpy.maximum(n * yy - y * y, 0))
        scores = numpy.where(below > 0, (n * xy - x * y) / numpy.where(below > 0, below, 1), 0)
        found.append(best(scores * n / (n + SHRINK), block, TOP))
    spent += clocks() - begin
    return spent, found


def top_items(users, graph, rows):
    """Ten items a user: the user's ratings times the neighbours of items, rated ones left out."""
    spent, found = numpy.zeros(2), []
    begin = clocks()
    start = graph["start"].astype(numpy.int64)
    similar = csr_matrix((graph["similarity"], graph["other"].astype(numpy.int32), start),
                         shape=(users.shape[1], users.shape[1]))
    other_way = similar.T.tocsr()
    for block in blocks(rows):
        scores = (users[block] @ other_way).toarray()
        part = users[block]
        scores[numpy.repeat(numpy.arange(len(block)), numpy.diff(part.indptr)), part.indices] = -1
        top = numpy.argpartition(-scores, 9, axis=1)[:, :10]
        values = numpy.take_along_axis(scores, top, axis=1)
        found.append((numpy.take_along_axis(top, numpy.argsort(-values, axis=1), axis=1), values))
    spent += clocks() - begin
    return spent, found


def read_csv(path, most):
    """numpy.loadtxt, then a sparse matrix by rows and by columns."""
    with open(path, "rb") as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(0)
        head = file.read(1 << 20)
        lines = int(size / (len(head) / head.count(b"\n"))) if size > len(head) else None
    most = None if lines is None or lines <= most else int(most)
    begin = clocks()
    rows = numpy.loadtxt(path, delimiter=",", skiprows=1, max_rows=most)
    users, user = numpy.unique(rows[:, 0], return_inverse=True)
    items, item = numpy.unique(rows[:, 1], return_inverse=True)
    matrix = coo_matrix((rows[:, 2].astype(numpy.float32), (user, item)),
                        shape=(len(users), len(items))).tocsr()
    matrix.tocsc()
    return clocks() - begin, 1.0 if most is None else most / lines


def run(options):
    """Seconds of loading and of the work, the share of the work that was done, the rows, the lists."""
    if options.work == "read":
        spent, share = read_csv(options.csv, options.work_max / 500)
        return numpy.zeros(2), spent, share, numpy.arange(0), []
    begin = clocks()
    users = options.work in ("users", "top")
    arrays = rsfile.read(options.matrix)[1]
    lines, others = rsfile.sparse(arrays, users), rsfile.sparse(arrays, not users)
    loaded = clocks() - begin
    if options.work == "top":
        graph = rsfile.read(options.graph)[1]
        n = lines.shape[0]
        share = min(1, options.work_max / (lines.nnz * TOP + lines.shape[0] * lines.shape[1]))
        rows = numpy.arange(0, n, max(1, round(1 / share)))
        spent, found = top_items(lines, graph, rows)
        return loaded, spent, len(rows) / n, rows, found
    rows, share = sample(lines, others, options.work_max)
    if options.work == "pearson":
        spent, found = pearson(lines, others, rows)
    elif options.tool == "scikit-learn":
        spent, found = nearest(lines, rows, options.threads)
    else:
        begin = clocks()
        lines = normalised(lines)
        others = lines.T.tocsr()
        loaded += clocks() - begin
        spent, found = products(lines, others, rows)
    return loaded, spent, share, rows, found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=["scipy", "scikit-learn"])
    parser.add_argument("work", choices=["items", "users", "pearson", "top", "read"])
    parser.add_argument("--matrix")
    parser.add_argument("--graph")
    parser.add_argument("--csv")
    parser.add_argument("--work-max", type=float, default=1e9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out")
    options = parser.parse_args()
    loaded, spent, share, rows, found = run(options)
    begin = clocks()
    if options.out and found:
        numpy.savez(options.out, rows=rows, top=numpy.concatenate([part[0] for part in found]),
                    values=numpy.concatenate([part[1] for part in found]))
    stored = clocks() - begin
    wall, cpu = loaded + spent / share + stored / share
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "sampled": share}))


if __name__ == "__main__":
    main()
