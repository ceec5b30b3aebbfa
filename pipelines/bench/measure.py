#!/usr/bin/python3
"""Times rs and Debian's scikit-learn and scipy side by side, and writes bench.csv.

Usage: measure.py --out DIR --shapes 1M,5M,10M,25M --runs N --threads N --work-max N

For every shape and work all tools run once, then all again: what slows the machine for a while slows them
all. A figure is the median of the runs; the fixed loop of `roofline clock` runs before each and its
median is in the table too.
"""

import argparse
import csv
import json
import os
import re
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = {
    "100k": ["--like", "ml-100k"],
    "1M": ["--like", "ml-1m"],
    "5M": ["--like", "ml-10m", "--users", "35000", "--items", "8000", "--ratings", "5000000"],
    "10M": ["--like", "ml-10m"],
    "25M": ["--like", "ml-25m"],
}
WORKS = ("read", "items", "users", "pearson", "top")
COLUMNS = ("tool", "work", "shape", "ratings", "multiply_adds", "threads", "wall_s", "wall_min",
           "wall_max", "cpu_s", "cpu_min", "cpu_max", "peak_mb", "runs", "sampled", "same", "clock_s")


def run(commands, folder):
    """Runs commands one after another: wall and processor seconds, peak MB, output of the last."""
    cost = os.path.join(folder, "cost")
    wall = cpu = peak = 0
    for command in commands:
        done = subprocess.run([os.path.join(folder, "timed"), cost, *command],
                              stdout=subprocess.PIPE, check=False, text=True)
        if done.returncode != 0:
            sys.exit(f"measure.py: {' '.join(command)}: exit code {done.returncode}")
        with open(cost, encoding="ascii") as file:
            figures = [float(word) for word in file.read().split()]
        wall, cpu, peak = wall + figures[0], cpu + figures[1], max(peak, figures[2])
    return {"wall_s": wall, "cpu_s": cpu, "peak_mb": peak, "output": done.stdout}


class Bench:
    def __init__(self, options):
        self.options = options
        self.rows = []

    def path(self, shape, kind):
        return os.path.join(self.options.out, f"{shape}{kind}")

    def make(self, shape):
        """The ratings of a shape as text, made anew when the program is newer. Returns their number
        and the sums of n_u^2 and n_i^2."""
        text, log = self.path(shape, ".csv"), self.path(shape, ".txt")
        made = os.path.getmtime(log) if os.path.exists(log) and os.path.exists(text) else 0
        if made < os.path.getmtime(shutil.which("rs-synth")):
            command = ["rs-synth", *SHAPES[shape], "-v", "-o", text]
            done = subprocess.run(command, stderr=subprocess.PIPE, check=True, text=True)
            with open(log, "w", encoding="ascii") as file:
                file.write(done.stderr)
        with open(log, encoding="ascii") as file:
            figures = re.search(r"(\d+) ratings, .* n_u\^2 ([^,]+), of n_i\^2 (.+)", file.read())
        return int(figures[1]), float(figures[2]), float(figures[3])

    def rs(self, work, shape, threads):
        """The commands of rs that do a work."""
        ratings, matrix = self.path(shape, ".ratings"), self.path(shape, ".matrix")
        graph = self.path(shape, f".{work}.graph")
        threads = ["-t", str(threads)]
        sim = ["rs-sim", matrix, "-k", "50", "-o", graph, *threads]
        return {
            "read": [["rs-clean", self.path(shape, ".csv"), "-o", ratings, *threads],
                     ["rs-matrix", ratings, "-o", matrix, *threads]],
            "items": [[*sim, "--side", "item", "--metric", "cosine", "--over", "full"]],
            "users": [[*sim, "--side", "user", "--metric", "cosine", "--over", "full"]],
            "pearson": [[*sim, "--side", "item", "--metric", "pearson", "--over", "co-rated",
                         "--shrink", "100"]],
            "top": [["rs-score", "--matrix", matrix, "--model",
                     "item=" + self.path(shape, ".items.graph"), "--top", "10", "-o",
                     self.path(shape, ".scores"), *threads]],
        }[work]

    def peer(self, tool, work, shape):
        options = self.options
        return [[sys.executable, os.path.join(HERE, "peer.py"), tool, work,
                 "--matrix", self.path(shape, ".matrix"), "--csv", self.path(shape, ".csv"),
                 "--graph", self.path(shape, ".items.graph"), "--work-max", str(options.work_max),
                 "--threads", str(options.threads), "--out", self.path(shape, ".npz")]]

    def tools(self, work, shape):
        """Name, threads and commands of everybody who does a work."""
        threads = self.options.threads
        yield "rs", threads, self.rs(work, shape, threads)
        if work in ("items", "users") and threads > 1:
            yield "rs", 1, self.rs(work, shape, 1)
        yield "scipy", 1, self.peer("scipy", work, shape)
        if work in ("items", "users"):
            yield "scikit-learn", threads, self.peer("scikit-learn", work, shape)

    def check(self, tool, work, shape):
        if tool == "rs" or work in ("read", "top"):
            return ""
        done = subprocess.run([sys.executable, os.path.join(HERE, "check.py"),
                               self.path(shape, f".{work}.graph"), self.path(shape, ".npz")],
                              stdout=subprocess.PIPE, check=True, text=True)
        return float(done.stdout)

    def once(self, tool, work, shape, commands):
        folder = self.options.out
        clock = float(run([[os.path.join(folder, "roofline"), "clock"]], folder)["output"])
        result = {"sampled": 1.0, **run(commands, folder), "clock_s": clock}
        if tool != "rs":
            result.update(json.loads(result["output"]))
        return {**result, "same": self.check(tool, work, shape)}

    def measure(self, work, shape, ratings, multiply_adds):
        tools = list(self.tools(work, shape))
        runs = {(tool, threads): [] for tool, threads, _ in tools}
        for _ in range(self.options.runs):
            for tool, threads, commands in tools:
                runs[tool, threads].append(self.once(tool, work, shape, commands))
        for (tool, threads), results in runs.items():
            row = {"tool": tool, "work": work, "shape": shape, "ratings": ratings,
                   "multiply_adds": f"{multiply_adds:.4g}", "threads": threads,
                   "runs": len(results), "sampled": f"{results[0]['sampled']:.4g}",
                   "same": min(result["same"] for result in results)}
            for name in ("wall", "cpu"):
                values = [result[name + "_s"] for result in results]
                row[name + "_s"] = f"{statistics.median(values):.4g}"
                row[name + "_min"] = f"{min(values):.4g}"
                row[name + "_max"] = f"{max(values):.4g}"
            row["peak_mb"] = f"{max(result['peak_mb'] for result in results):.0f}"
            row["clock_s"] = f"{statistics.median(r['clock_s'] for r in results):.4g}"
            self.rows.append(row)
            print(f"{shape:>5} {work:8} {tool:12} {threads} threads: {row['wall_s']:>8} s wall, "
                  f"{row['cpu_s']:>8} s cpu, {row['peak_mb']:>6} MB"
                  + (f", {float(row['sampled']):.1%} sampled" if row["sampled"] != "1" else "")
                  + (f", {row['same']:.2%} the same" if row["same"] != "" else ""), flush=True)

    def write(self):
        path = os.path.join(self.options.out, "bench.csv")
        with open(path + ".tmp", "w", encoding="ascii", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(path + ".tmp", path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--shapes", default="1M,5M,10M,25M")
    parser.add_argument("--works", default=",".join(WORKS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--work-max", type=float, default=1e9)
    options = parser.parse_args()
    unknown = [name for name in options.shapes.split(",") if name not in SHAPES]
    if unknown:
        sys.exit(f"measure.py: --shapes: {unknown[0]} is none of {', '.join(SHAPES)}")
    bench = Bench(options)
    for shape in options.shapes.split(","):
        ratings, users_squared, items_squared = bench.make(shape)
        work_of = {"read": ratings, "items": users_squared, "users": items_squared,
                   "pearson": users_squared, "top": ratings * 50}
        for work in options.works.split(","):
            bench.measure(work, shape, ratings, work_of[work])
            bench.write()


if __name__ == "__main__":
    main()
