#!/usr/bin/python3
"""Makes of bench.csv and roofline.txt a table, bench.md, and what plot.gp draws, bench.dat and
bench.names.

Usage: report.py DIR
"""

import csv
import math
import os
import sys

TITLES = {
    "read": "CSV to ratings to matrix",
    "items": "Items, cosine on full vectors, exact top 50",
    "users": "Users, cosine on full vectors, exact top 50",
    "pearson": "Items, co-rated Pearson with shrinkage, exact top 50",
    "top": "Ten items for every user from item neighbours",
}


def load(folder):
    with open(os.path.join(folder, "bench.csv"), encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(os.path.join(folder, "roofline.txt"), encoding="ascii") as file:
        roofline = {name: float(value) for name, value in (line.split() for line in file)}
    return rows, roofline


def floor(row, roofline, folder):
    """The least seconds a work can take here: half the multiply-adds, since similarities are symmetric,
    at the rate of int8 products; reading, the bytes of the text at the rate of memory."""
    if row["work"] == "read":
        size = os.path.getsize(os.path.join(folder, row["shape"] + ".csv"))
        return size / (roofline["read_gb_s"] * 1e9)
    rate = max(value for name, value in roofline.items() if name.endswith("gmadd_s"))
    share = 1 if row["work"] == "top" else 0.5
    return share * float(row["multiply_adds"]) / (rate * 1e9)


def exponent(rows, time):
    """The slope of log time over log work by least squares, or None of fewer than two sizes."""
    points = [(math.log(float(row["multiply_adds"])), math.log(float(row[time]))) for row in rows]
    if len(points) < 2:
        return None
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    return (sum((x - x_mean) * (y - y_mean) for x, y in points)
            / sum((x - x_mean) ** 2 for x, _ in points))


def label(row):
    threads = int(row["threads"])
    return row["tool"] + (f" ({threads} threads)" if threads > 1 else "")


def line(row, fastest):
    wall, cpu = float(row["wall_s"]), float(row["cpu_s"])
    sampled = float(row["sampled"])
    same = f"{float(row['same']):.2%}" if row["same"] else ""
    return (f"| {row['shape']} | {float(row['multiply_adds']):.2e} | {label(row)} "
            f"| {wall:.3g} | {float(row['wall_min']):.3g} - {float(row['wall_max']):.3g} | {cpu:.3g} "
            f"| {cpu / fastest:.1f} | {row['peak_mb']} "
            f"| {'all' if sampled == 1 else f'{sampled:.1%}'} "
            f"| {same} |")


def table(rows, roofline, folder):
    yield "# How long it takes\n"
    yield (f"Median of {rows[0]['runs']} runs, all tools in turn; whole process for rs, load to written "
           "file; for the others without the start of Python and its imports. Where less than all rows "
           "were done (`done`), times are scaled up from that sample. `same`: share of the other's "
           "neighbours, ties aside, that rs found too. scipy is its sparse products alone for "
           "cosine, without selection.\n")
    yield "The machine: " + ", ".join(f"{name} {value:g}" for name, value in roofline.items()) + ". "
    yield ("Its floor is half the multiply-adds (similarities are symmetric) at the greatest of its rates, "
           "for reading the bytes of the text at that of memory: nothing can be quicker.\n")
    for work, title in TITLES.items():
        mine = [row for row in rows if row["work"] == work]
        if not mine:
            continue
        unit = "ratings" if work == "read" else "multiply-adds"
        yield f"## {title}\n"
        yield (f"| shape | {unit} | tool | wall s | spread | cpu s | cpu / rs | peak MB | done | same |\n"
               "|---|---|---|---|---|---|---|---|---|---|")
        for shape in dict.fromkeys(row["shape"] for row in mine):
            same_shape = [row for row in mine if row["shape"] == shape]
            fastest = min(float(row["cpu_s"]) for row in same_shape if row["tool"] == "rs")
            for row in same_shape:
                yield line(row, fastest)
        most = max(int(row["threads"]) for row in mine if row["tool"] == "rs")
        rs = [row for row in mine if row["tool"] == "rs" and int(row["threads"]) == most]
        floors = ", ".join(f"{row['shape']} {floor(row, roofline, folder):.2g} s" for row in rs)
        growth = ""
        if exponent(rs, "wall_s") is not None:
            growth = (f" Growth of rs: wall time as {unit}^{exponent(rs, 'wall_s'):.2f}, processor "
                      f"time as {unit}^{exponent(rs, 'cpu_s'):.2f}.")
        yield f"\nThe floor of the machine: {floors}.{growth}\n"


def word(row, most):
    """The tool's name as one word; rs on one thread is another tool than on all."""
    return row["tool"] + ("-1-thread" if row["tool"] == "rs" and int(row["threads"]) < most else "")


def series(rows, roofline, folder):
    """Blocks for gnuplot, one a work and tool: ratings, seconds, least, most; then the floors."""
    most = max(int(row["threads"]) for row in rows)
    for work in TITLES:
        mine = [row for row in rows if row["work"] == work]
        for name in dict.fromkeys(word(row, most) for row in mine):
            yield f"# {work} {name}"
            for row in mine:
                if word(row, most) == name:
                    yield f"{row['ratings']} {row['wall_s']} {row['wall_min']} {row['wall_max']}"
            yield "\n"
        if mine:
            yield f"# {work} floor"
            for row in mine:
                if word(row, most) == "rs":
                    yield f"{row['ratings']} {floor(row, roofline, folder):.6g}"
            yield "\n"


def names(rows):
    """Variables for gnuplot: which works there are, what they are called, who did them."""
    most = max(int(row["threads"]) for row in rows)
    works = list(dict.fromkeys(row["work"] for row in rows))
    yield f'works = "{" ".join(works)}"'
    yield f"smallest = {min(int(row['ratings']) for row in rows)}"
    yield f"largest = {max(int(row['ratings']) for row in rows)}"
    for work in works:
        tools = dict.fromkeys(word(row, most) for row in rows if row["work"] == work)
        yield f'tools_{work} = "{" ".join(tools)}"'
        yield f'title_{work} = "{TITLES[work]}"'


def write(path, lines):
    with open(path + ".tmp", "w", encoding="ascii") as file:
        for text in lines:
            file.write(text + "\n")
    os.replace(path + ".tmp", path)


def main():
    folder = sys.argv[1]
    rows, roofline = load(folder)
    write(os.path.join(folder, "bench.md"), table(rows, roofline, folder))
    write(os.path.join(folder, "bench.dat"), series(rows, roofline, folder))
    write(os.path.join(folder, "bench.names"), names(rows))


if __name__ == "__main__":
    main()
