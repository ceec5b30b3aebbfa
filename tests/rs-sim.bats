# rs-sim: neighbours against another implementation; the same bytes however the work is cut.

setup() {
    load helper
    _common_setup
    rs-clean "$SAMPLE" | rs-matrix -o m
}

@test "cosine over full vectors is scikit-learn's" {
    rs-sim m --side item --metric cosine --over full -k all -o g
    rs-view -f csv g | tail -n +2 >ours.csv
    run -0 /usr/bin/python3 - "$SAMPLE" <<'END'
import csv, sys
import numpy as np
from sklearn.metrics.pairwise import cosine_similarity
rows = list(csv.DictReader(open(sys.argv[1])))
users = sorted({r["user"] for r in rows}); items = sorted({r["item"] for r in rows})
x = np.zeros((len(items), len(users)))
for r in rows: x[items.index(r["item"]), users.index(r["user"])] = float(r["rating"])
s = cosine_similarity(x)
n = 0
for line in csv.reader(open("ours.csv")):
    a, b, value = line[0], line[1], float(line[2])
    assert abs(s[items.index(a), items.index(b)] - value) < 1e-6, line
    n += 1
assert n == (s > 0).sum() - len(items), n
print("agreed")
END
    assert_output agreed
}

@test "the same bytes for every number of threads, and parts that concatenate" {
    for how in "--side item --metric cosine --over full -k 10" "--side user -k 7" "--side item --metric pearson -k all" "--side user --metric jaccard -k 5"; do
        rs-sim m $how -t 1 -o one
        rs-sim m $how -t 3 -o three
        cmp one three
        for part in 1 2 3; do rs-sim m $how --part $part/3 -o part$part; done
        cmp <(cat part1 part2 part3 | rs-view) <(rs-view one)
    done
}

@test "the K nearest are the first K of all" {
    rs-sim m --side user -k all -o all
    rs-sim m --side user -k 3 -o three
    rs-view -f csv all | tail -n +2 | awk -F, '++n[$1] <= 3' | cmp - <(rs-view -f csv three | tail -n +2)
}

@test "memory that is too small is refused with what is needed" {
    fails 64 rs-sim m --memory 1K -o g
    [[ $stderr == *"are needed"* ]] || fail "$stderr"
}

@test "wrong usage is said in one line" {
    fails 64 rs-sim m --part 3/2 -o g
    fails 64 rs-sim m --part x -o g
    fails 64 rs-sim m --metric nearness -o g
    fails 64 rs-sim m -k 0 -o g
}
