# rs-sim: exact neighbours by every metric, against numpy and scikit-learn, and the same bytes however
# the work is cut.

setup() {
    load helper
    _common_setup
    rs-clean "$SAMPLE" | rs-matrix -o matrix.rs
}

# A matrix of CSV lines on standard input: user,item,rating.
matrix_of() {
    (echo user,item,rating; cat) | rs-clean -q | rs-matrix -o "$1"
}

# compare_all MATRIX: every metric on every side, as rs-sim has it, against the definitions in numpy.
compare_all() {
    rs-view -f csv "$1" >ratings.csv
    rs-view -f csv --biases users "$1" >users.csv
    rs-view -f csv --biases items "$1" >items.csv
    rs-view --header "$1" | head -n 1 >header.json
    cat >compare.py <<'END'
import csv, json, subprocess, sys
import numpy as np

def lines(path):
    rows = list(csv.DictReader(open(path)))
    names = [row["user" if "user" in row else "item"] for row in rows]
    return {name: i for i, name in enumerate(names)}, *(
        np.array([float(row[key]) for row in rows]) for key in ("mean", "bias"))

users, user_mean, user_bias = lines("users.csv")
items, item_mean, item_bias = lines("items.csv")
mean = json.load(open("header.json"))["mean"]
R = np.zeros((len(users), len(items)))
rated = np.zeros(R.shape, bool)
for row in csv.DictReader(open("ratings.csv")):
    at = users[row["user"]], items[row["item"]]
    R[at], rated[at] = np.float32(row["rating"]), True

def wanted(side, metric, over, shrink, support):
    X = R.copy()
    if metric == "adjusted-cosine":
        X = X - (item_mean[None] if side == "user" else user_mean[:, None])
    if metric == "pearson" and over == "full":
        X = X - (user_mean[:, None] if side == "user" else item_mean[None])
    if metric == "pearson-baseline":
        X = X - (mean + user_bias[:, None] + item_bias[None])
    X, P = np.where(rated, X, 0), rated
    if side == "item":
        X, P = X.T, P.T
    F = P.astype(float)
    n, xy, xx, x = F @ F.T, X @ X.T, (X * X) @ F.T, X @ F.T
    less = metric == "pearson-baseline"
    with np.errstate(all="ignore"):
        if metric == "jaccard":
            each = F.sum(1)
            s = n / (each[:, None] + each[None] - n)
        elif metric == "msd":
            s = 1 / (1 + (xx + xx.T - 2 * xy) / n)
        elif over == "full":
            norm = np.sqrt((X * X).sum(1))
            s = xy / np.outer(norm, norm)
        elif metric == "pearson":
            spread = n * xx - x * x
            spread[spread < 1e-9] = 0
            s = (n * xy - x * x.T) / np.sqrt(spread * spread.T)
        else:
            s = xy / np.sqrt(xx * xx.T)
        if shrink:
            s = s * (n - less) / (n - less + shrink)
    s = np.where(np.isfinite(s) & (n >= max(support, 1 + less)), s, -9)
    np.fill_diagonal(s, -9)
    return s

def found(side, options):
    s = np.full((len(users),) * 2 if side == "user" else (len(items),) * 2, -9.0)
    names = users if side == "user" else items
    graph = subprocess.run(["rs-sim", "--side", side, *options, sys.argv[1]],
                           stdout=subprocess.PIPE, check=True)
    rows = subprocess.run(["rs-view", "-f", "csv"], input=graph.stdout, stdout=subprocess.PIPE,
                          check=True).stdout.decode().splitlines()
    for row in csv.DictReader(rows):
        s[names[row[side]], names[row["neighbour"]]] = float(row["similarity"])
    return s

for side in "user", "item":
    for metric in "cosine", "adjusted-cosine", "pearson", "pearson-baseline", "msd", "jaccard":
        for over in "co-rated", "full":
            if metric == "msd" and over == "full":
                continue
            shrink, support = (30, 1) if over == "full" else (0, 3)
            for floor in 0, -2:
                options = ["--metric", metric, "--over", over, "--shrink", str(shrink), "-k", "all",
                           "--min-support", str(support), "--min-similarity", str(floor)]
                s = wanted(side, metric, over, shrink, support)
                have = found(side, options)
                near = np.abs(s - floor) < 1e-9
                s[(s <= floor) & ~near] = -9
                wrong = (np.abs(s - have) > 1e-6) & ~near
                assert not wrong.any(), (side, options, np.argwhere(wrong)[:5])
END
    run -0 /usr/bin/python3 compare.py "$1"
}

@test "every metric on both sides is what numpy makes of its definition" {
    compare_all matrix.rs
}

@test "ratings on no grid, below zero and far from it" {
    awk -F, 'NR > 1 { printf "%s,%s,%.4f\n", $1, $2, $3 * 1.37 - 4 + (NR % 7) / 900 }' "$SAMPLE" |
        matrix_of real.rs
    compare_all real.rs
    awk -F, 'NR > 1 { print $1 "," $2 "," $3 * 4 - 12 }' "$SAMPLE" | matrix_of grid.rs
    compare_all grid.rs
}

@test "a user who rated everything, an item that everyone rated" {
    awk -F, 'NR > 1 { print $1 "," $2 "," $3; users[$1]; items[$2] }
        END { for (i in items) print "all," i "," length(i) % 5 + 1
              for (u in users) print u ",all," u % 5 + 1
              print "all,all,3" }' "$SAMPLE" | matrix_of all.rs
    compare_all all.rs
}

@test "very many users with a single rating have nothing in common" {
    (echo user,item,rating; awk 'BEGIN { for (u = 0; u < 1000000; u++)
        print u ",i" (u * 7919) % 1000 "," u % 5 + 1 }') | rs-clean -q | rs-matrix -q -o single.rs
    run -0 bash -c "rs-sim single.rs | rs-view -f csv"
    assert_output "item,neighbour,similarity,rank"
    run -0 --separate-stderr rs-sim -v -m jaccard single.rs -o g.rs
    assert_equal "$stderr" "rs-sim: 0 neighbours of 1000 lines"
}

@test "more neighbours asked for than there are others" {
    printf 'a,x,1\na,y,2\nb,x,3\nb,y,5\nc,x,4\n' | matrix_of few.rs
    run -0 bash -c "rs-sim -s user -m cosine -k 1000000 few.rs | rs-view -f csv"
    assert_output "$(printf 'user,neighbour,similarity,rank\na,c,1,1\na,b,0.99705446,2\nb,c,1,1\nb,a,0.99705446,2\nc,a,1,1\nc,b,1,2')"
}

@test "cosine over full vectors is scikit-learn's on real ratings" {
    require_data ml-100k/u.data
    /usr/bin/python3 -c 'import sklearn' 2>/dev/null || skip "no scikit-learn"
    rs-clean "$DATA" | rs-matrix -o m.rs
    rs-view -f csv m.rs >ratings.csv
    for side in user item; do
        rs-sim --side $side --metric cosine --over full -k 20 m.rs | rs-view -f csv >graph.csv
        run -0 /usr/bin/python3 - $side <<'END'
import csv, sys
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.metrics.pairwise import cosine_similarity
side = sys.argv[1]
rows = list(csv.DictReader(open("ratings.csv")))
names = {n: i for i, n in enumerate(sorted({int(r[side]) for r in rows}))}
other = "item" if side == "user" else "user"
others = {n: i for i, n in enumerate(sorted({int(r[other]) for r in rows}))}
M = csr_matrix(([float(r["rating"]) for r in rows],
                ([names[int(r[side])] for r in rows], [others[int(r[other])] for r in rows])))
S = cosine_similarity(M)
np.fill_diagonal(S, -1)
lists = {}
for r in csv.DictReader(open("graph.csv")):
    lists.setdefault(names[int(r[side])], []).append((names[int(r["neighbour"])], float(r["similarity"])))
assert len(lists) == len(names)
for line, neighbours in lists.items():
    assert all(abs(S[line, n] - s) < 1e-6 for n, s in neighbours)
    best = np.sort(S[line])[::-1][:20]
    assert np.abs(best[best > 0] - [s for _, s in neighbours]).max() < 1e-6
END
    done
}

@test "the same bytes for any number of threads and any memory that is enough" {
    for options in "-m cosine --over full" "-m pearson -s user" "-m pearson-baseline"; do
        rs-sim $options -t 1 matrix.rs -o one.rs
        for t in 2 3 5; do
            rs-sim $options -t $t matrix.rs -o more.rs
            cmp one.rs more.rs
        done
        run -64 --separate-stderr rs-sim $options -t 2 --memory 1K matrix.rs
        [[ $stderr =~ ^rs-sim:\ --memory:\ 1024\ bytes\ are\ not\ enough:\ ([0-9]+)\ \( ]]
        rs-sim $options -t 2 --memory "${BASH_REMATCH[1]}" matrix.rs -o frugal.rs
        cmp one.rs frugal.rs
        fails 64 rs-sim $options -t 2 --memory $((BASH_REMATCH[1] - 1)) matrix.rs
    done
}

# kilobytes COMMAND...: what the command takes at its peak.
kilobytes() {
    run -0 --separate-stderr /usr/bin/time -f %M "$@"
    echo "$stderr"
}

@test "bounded memory is what the process takes, from a file and through a pipe" {
    [ -x /usr/bin/time ] || skip "no /usr/bin/time"
    rs-synth --users 20000 --items 1000 --ratings 1000000 --seed 5 | rs-clean -q |
        rs-matrix -q -o many.rs
    sim=(rs-sim -q -m adjusted-cosine --over full -k 20 -t 2)
    whole=$(kilobytes "${sim[@]}" many.rs -o whole.rs)
    run -64 --separate-stderr "${sim[@]}" --memory 1K many.rs
    [[ $stderr =~ ([0-9]+)\ \([0-9]+M\)\ are\ needed ]]
    least=$((BASH_REMATCH[1] / 1024 + 1))
    assert [ "$least" -lt "$whole" ]
    bound=$((least + (whole - least) / 4)) # the very least takes many passes
    assert [ "$(kilobytes "${sim[@]}" --memory ${bound}K many.rs -o bounded.rs)" -le "$bound" ]
    cmp whole.rs bounded.rs
    piped=$(kilobytes "${sim[@]}" --memory ${bound}K -o bounded.rs < <(cat many.rs))
    assert [ "$piped" -le "$bound" ]
    cmp whole.rs bounded.rs
    for part in 1 2; do
        "${sim[@]}" --memory ${bound}K --part $part/2 many.rs
    done | rs-view -f csv >parts
    rs-view -f csv whole.rs | cmp - parts
}

@test "what comes through a pipe is verified with bounded memory, too" {
    cat matrix.rs | rs-sim --memory 100M | cmp - <(rs-sim matrix.rs)
    python3 - <<'END'
data = bytearray(open("matrix.rs", "rb").read())
at = data.find(b"column_rating") + 300
data[at] ^= 1
open("bad.rs", "wb").write(data)
END
    run -65 --separate-stderr bash -c "cat bad.rs | rs-sim --memory 100M | cat; exit \${PIPESTATUS[1]}"
    assert_equal "${#stderr_lines[@]}" 1
    [[ $stderr == "rs-sim: standard input: the file is damaged: "* ]] || fail "$stderr"
    head -c 20000 matrix.rs >cut.rs
    run -65 --separate-stderr bash -c "cat cut.rs | rs-sim --memory 100M | cat; exit \${PIPESTATUS[1]}"
    assert_equal "${#stderr_lines[@]}" 1
    TMPDIR=/nowhere run -73 --separate-stderr bash -c \
        "cat matrix.rs | rs-sim --memory 100M | cat; exit \${PIPESTATUS[1]}"
    assert_equal "$stderr" "rs-sim: temporary file in /nowhere: No such file or directory"
}

@test "parts concatenate to the whole, even parts of nothing" {
    for side in user item; do
        rs-sim -s $side matrix.rs | rs-view >whole
        for n in 2 3 7 200; do
            for ((i = 1; i <= n; i++)); do rs-sim -s $side --part $i/$n matrix.rs; done >parts.rs
            rs-view parts.rs | cmp - whole
        done
        rs-view --check parts.rs
    done
}

@test "fewer neighbours are the first of more" {
    rs-sim -m cosine -k all matrix.rs | rs-view -f csv >all
    rs-sim -m cosine -k 5 matrix.rs | rs-view -f csv >five
    awk -F, 'NR == 1 || $4 <= 5' all | cmp - five
    rs-sim -m cosine -k 4000000000 matrix.rs | rs-view -f csv | cmp - all
}

@test "degenerate matrices: one line, one rating each, all alike, everything rated" {
    printf 'a,x,3\na,y,4\n' | matrix_of one.rs
    run -0 bash -c "rs-sim -s user one.rs | rs-view -f csv"
    assert_output "user,neighbour,similarity,rank"
    for i in {1..40}; do echo "u$i,i$((i % 3)),5"; done | matrix_of single.rs
    run -0 bash -c "rs-sim -s user -m jaccard -k 2 single.rs | rs-view -f csv -n 2"
    assert_output "$(printf 'user,neighbour,similarity,rank\nu1,u10,1,1\nu1,u13,1,2')"
    for u in {1..9}; do for i in {1..8}; do echo "$u,$i,4"; done; done | matrix_of alike.rs
    for metric in pearson adjusted-cosine; do
        run -0 bash -c "rs-sim -m $metric alike.rs | rs-view -f csv"
        assert_output "item,neighbour,similarity,rank"
    done
    run -0 bash -c "rs-sim -m cosine -k 3 alike.rs | rs-view -f csv -n 3"
    assert_output "$(printf 'item,neighbour,similarity,rank\n1,2,1,1\n1,3,1,2\n1,4,1,3')"
}

@test "ratings near the ends of what a float holds" {
    printf 'a,x,1e27\na,y,3e27\nb,x,2e27\nb,y,3e27\nc,x,1e-38\nc,y,2e-38\n' | matrix_of huge.rs
    for metric in cosine pearson msd adjusted-cosine pearson-baseline; do
        run -0 bash -c "rs-sim -s user -m $metric --min-similarity -2 huge.rs | rs-view -f csv"
        refute_output --regexp 'nan|inf'
    done
    run -0 bash -c "rs-sim -s user -m cosine -k 1 huge.rs | rs-view -f csv -u c"
    assert_output "$(printf 'user,neighbour,similarity,rank\nc,b,0.99227786,1')"
}

@test "wrong usage and wrong input get one line" {
    fails 64 rs-sim --metric msd --over full matrix.rs
    fails 64 rs-sim --metric euclid matrix.rs
    for part in 0/3 4/3 1 a/b 1/2x -1/2 1/0; do fails 64 rs-sim --part $part matrix.rs; done
    fails 64 rs-sim -k 0 matrix.rs
    fails 64 rs-sim --shrink -3 matrix.rs
    rs-clean "$SAMPLE" -o ratings.rs
    fails 65 rs-sim ratings.rs
    fails 65 rs-sim "$SAMPLE"
    fails 66 rs-sim nothere.rs
    head -c 20000 matrix.rs >cut.rs
    fails 65 rs-sim cut.rs
    cat matrix.rs matrix.rs >two.rs
    fails 65 rs-sim two.rs
}

@test "the header says what was computed, and of which matrix" {
    rs-sim -s user -m cosine --over full --shrink 5 --min-support 2 -k 7 matrix.rs -o g.rs
    digest=$(rs-view --header matrix.rs | tail -n 1 | jq -r .xxh3)
    run -0 bash -c "rs-view --header g.rs | head -n 1 |
        jq -c '[.side, .metric, .over, .k, .shrink, .min_support, .matrix, .lines]'"
    assert_output "[\"user\",\"cosine\",\"full\",7,5,2,\"$digest\",[0,120]]"
    run -0 bash -c "rs-sim -m pearson-baseline matrix.rs | rs-view --header | head -n 1 | jq .shrink"
    assert_output 100
    run -0 --separate-stderr rs-sim -v matrix.rs -o g.rs
    assert_equal "$stderr" "rs-sim: 3298 neighbours of 90 lines"
}
