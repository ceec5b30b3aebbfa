#!/usr/bin/python3
"""Did rs find the neighbours that another implementation found?

Usage: check.py GRAPH LISTS.npz

Prints the share of the neighbours in LISTS that GRAPH has as well. A neighbour that GRAPH lacks counts as
found if its similarity is that of the last one in the list: a tie. Similarities count as equal within
1e-4, what sums of thousands of floats may be off.
"""

import sys

import numpy

import rsfile

NEAR = 1e-4


def main():
    header, graph = rsfile.read(sys.argv[1])
    lists = numpy.load(sys.argv[2])
    start, same, n = graph["start"], 0, 0
    for row, top, values in zip(lists["rows"], lists["top"], lists["values"]):
        mine = slice(int(start[row]), int(start[row + 1]))
        others, similar = graph["other"][mine], graph["similarity"][mine]
        useful = values > NEAR
        order = numpy.argsort(-values[useful], kind="stable")[:header["k"]]
        top, values = top[useful][order], values[useful][order]
        last = similar[-1] if len(similar) == header["k"] else 0
        found = numpy.isin(top, others) | (numpy.abs(values - last) < NEAR)
        # The similarities themselves, place by place.
        common = min(len(values), len(similar))
        found[:common] &= numpy.abs(values[:common] - similar[:common]) < NEAR
        same += found.sum()
        n += len(top)
    print(f"{same / n if n else 1:.6f}")


if __name__ == "__main__":
    main()
