# rs-stat: figures worked by hand and by Python, estimates against what they estimate, every form of output.

setup() {
    load helper
    _common_setup
}

# value FILE FIGURE ROW COLUMN
value() {
    awk -F, -v f="$2" -v r="$3" -v c="$4" '$1 == f && $2 == r && $3 == c { print $4 }' "$1"
}

# Users a, b, c and d rate items 1 … 4; a rates 1 twice.
six() {
    printf '%s\n' user,item,rating,time a,1,4,2020-02-29T23:30:00Z a,1,2,2020-03-01T00:30:00Z \
        a,2,5,2020-03-02 b,1,3,2020-03-02 b,2,3,2020-03-03 c,3,1, d,4,2,2020-03-08
}

@test "a handful of ratings, by hand" {
    six | rs-clean - | rs-stat -f csv >six.csv
    assert_equal "$(value six.csv summary ratings value)" 7
    assert_equal "$(value six.csv summary users value)" 4
    assert_equal "$(value six.csv summary items value)" 4
    assert_equal "$(value six.csv co_rating users share)" 0.16666666666666666 # a and b of 6 pairs
    assert_equal "$(value six.csv co_rating items share)" 0.16666666666666666 # 1 and 2
    assert_equal "$(value six.csv co_rating users exact)" 1
    # In the 2-core are a, b, 1 and 2; nothing in a 5-core.
    assert_equal "$(value six.csv min_count 2 users)" 2
    assert_equal "$(value six.csv min_count 2 items)" 2
    assert_equal "$(value six.csv min_count 2 pairs)" 4
    assert_equal "$(value six.csv min_count 3 pairs)" 0
    assert_equal "$(value six.csv missing time n)" 1
    assert_equal "$(value six.csv weekday Sun n)" 2 # 1 and 8 March
    assert_equal "$(value six.csv hour 23 n)" 1
    assert_equal "$(value six.csv repeated ratings n)" 1
}

@test "figures are those of Python" {
    rs-clean "$SAMPLE" --users "$SAMPLE_USERS" --items "$SAMPLE_ITEMS" -o sample.rs
    rs-stat -f csv sample.rs >stats.csv
    run -0 /usr/bin/python3 - "$SAMPLE" "$SAMPLE_USERS" "$SAMPLE_ITEMS" <<'END'
import csv, sys, datetime, collections, itertools
import numpy as np
got = {tuple(r[:3]): r[3] for r in csv.reader(open("stats.csv"))}
rows = list(csv.DictReader(open(sys.argv[1])))
users = {r["user"]: r for r in csv.DictReader(open(sys.argv[2]))}
items = {r["item"]: r for r in csv.DictReader(open(sys.argv[3]))}
bad = 0
def same(figure, row, column, want):
    global bad
    have = got.get((figure, str(row), column))
    if have is None or abs(float(have) - want) > 1e-9 * max(1, abs(want)):
        bad += 1
        print(figure, row, column, have, want)
ratings = np.array([float(r["rating"]) for r in rows])
same("summary", "mean", "value", ratings.mean())
same("summary", "variance", "value", ratings.var())
per = {"user": collections.defaultdict(list), "item": collections.defaultdict(list)}
for r in rows:
    for side in per:
        per[side][r[side]].append(float(r["rating"]))
for side in per:
    counts = np.array(sorted(len(v) for v in per[side].values()), float)
    means = np.array([np.mean(v) for v in per[side].values()])
    sds = np.array([np.std(v) for v in per[side].values()])
    gini = np.abs(counts[:, None] - counts).sum() / (2 * len(counts) ** 2 * counts.mean())
    same("summary", "gini_%ss" % side, "value", gini)
    between = sum(len(v) * (np.mean(v) - ratings.mean()) ** 2 for v in per[side].values())
    same("summary", "variance_between_%ss" % side, "value", between / len(rows) / ratings.var())
    for i, q in enumerate([0, .01, .05, .1, .25, .5, .75, .9, .95, .99, 1]):
        same("quantiles", i + 1, side + "_n", np.quantile(counts, q))
        same("quantiles", i + 1, side + "_mean", np.quantile(means, q))
        same("quantiles", i + 1, side + "_deviation", np.quantile(sds, q))
    sets = collections.defaultdict(set)
    for r in rows:
        sets[r[side]].add(r["item" if side == "user" else "user"])
    shared = [bool(a & b) for a, b in itertools.combinations(sets.values(), 2)]
    same("co_rating", side + "s", "share", np.mean(shared))
def group(figure, key):
    groups = collections.defaultdict(list)
    for r in rows:
        for k in key(r):
            groups[k].append(float(r["rating"]))
    for k, v in groups.items():
        same(figure, k, "n", len(v))
        same(figure, k, "mean", np.mean(v))
        same(figure, k, "deviation", np.std(v))
when = lambda r: datetime.datetime.fromtimestamp(int(r["timestamp"]), datetime.timezone.utc)
group("hour", lambda r: [when(r).strftime("%H")])
group("weekday", lambda r: [when(r).strftime("%a")])
group("month", lambda r: [when(r).strftime("%Y-%m")])
group("user:sex", lambda r: [users[r["user"]]["sex"]])
group("user:region", lambda r: [users[r["user"]]["zip"][0]])
group("item:genres", lambda r: items[r["item"]]["genres"].split("|"))
bands = [(17, "under 18"), (24, "18-24"), (34, "25-34"), (44, "35-44"), (49, "45-49"), (55, "50-55"), (999, "56 and over")]
group("user:age", lambda r: [next(b for a, b in bands if int(users[r["user"]]["age"]) <= a)])
left, k = {(r["user"], r["item"]) for r in rows}, 20
while True:
    n = collections.Counter(u for u, i in left); m = collections.Counter(i for u, i in left)
    less = {(u, i) for u, i in left if n[u] >= k and m[i] >= k}
    if less == left: break
    left = less
same("min_count", 5, "pairs", len(left))
sys.exit(bad > 0)
END
}

@test "the tail's exponent is found again" {
    awk 'BEGIN { for (u = 1; u <= 3000; u++) { x = int(5.5 * ((u - 0.5) / 3000) ^ (-1 / 1.5))
        if (x > 4000) x = 4000; for (i = 0; i < x; i++) print u "," (i * 7 + u) % 5000 "," 1 + (i + u) % 5 } }' >tail.csv
    rs-clean tail.csv | rs-stat -f csv >tail.stats
    value tail.stats summary tail_exponent_users value |
        awk '{ print; ok = $1 > 2.35 && $1 < 2.65 } END { exit !ok }'
}

@test "estimates of many ratings are near what they estimate, in any order" {
    rs-synth --users 2000 --items 400 --ratings 40000 --seed 3 -o many.csv
    { head -n 1 many.csv; tail -n +2 many.csv | sort -t, -k3,3 -k1,1; } >shuffled.csv
    rs-clean many.csv | rs-stat -f csv >exact.csv
    rs-clean many.csv | rs-stat -f csv --exact 10000 --steps 300000 >sampled.csv
    rs-clean shuffled.csv | rs-stat -f csv --exact 10000 --steps 300000 >again.csv
    grep -E '^(co_rating|repeated|min_count)' sampled.csv >one
    grep -E '^(co_rating|repeated|min_count)' again.csv >two
    cmp one two
    assert_equal "$(value sampled.csv co_rating users exact)" 0
    assert_equal "$(value sampled.csv min_count 1 users)" ""
    grep -q '^left_out,min_count,reason,' sampled.csv
    a=$(value exact.csv co_rating users share) b=$(value sampled.csv co_rating users share)
    e=$(value sampled.csv co_rating users error)
    awk -v a="$a" -v b="$b" -v e="$e" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(e > 0 && d < 4 * e + 0.02) }' ||
        fail "$a $b $e"
}

@test "every form says the same; a matrix and its ratings do too, with any number of threads" {
    rs-clean "$SAMPLE" --users "$SAMPLE_USERS" --items "$SAMPLE_ITEMS" -o sample.rs
    rs-matrix --times sample.rs -o sample.matrix
    rs-stat -f csv sample.rs >a
    rs-stat -f csv sample.matrix >b
    # Sums of what is not whole may differ in the last digit: users come in another order.
    awk -F, 'NR == FNR { a[FNR] = $4; next } { d = a[FNR] - $4; if (a[FNR] != $4 && (d > 1e-12 || d < -1e-12)) bad++ }
             END { exit bad > 0 || NR != 2 * FNR }' a b
    rs-stat -f csv -t 1 sample.rs >c
    cmp a c
    rs-stat -f rs sample.rs -o stats.rs
    rs-view --check stats.rs
    run -0 bash -c "rs-view --array rating -f csv stats.rs | cut -d, -f3"
    assert_output "$(awk -F, '$1 == "rating" && $3 == "n" { print $4 }' a)"
    run -0 bash -c "rs-stat -f json sample.rs | jq -r '.rating[].n'"
    assert_output "$(awk -F, '$1 == "rating" && $3 == "n" { print $4 }' a)"
    run -0 rs-stat sample.rs
    assert_output --partial "ratings by hour of the day"
}

@test "two threads that take batches in turns: the bytes of one, and the figures of Python" {
    # 400,000 ratings, whose sums depend on the order they are added in; segments begin again.
    awk 'BEGIN { srand(3); for (i = 0; i < 200000; i++)
        printf "%d,%d,%.1f,%d\n", i % 4999, int(700 * rand()^3), 5 * rand(), 1e9 + 3e8 * rand() }' |
        rs-clean - --columns user,item,rating,time -o half.rs
    cat half.rs half.rs >twice.rs
    rs-stat -f csv -t 1 twice.rs >one
    rs-stat -f csv -t 2 twice.rs >two
    cmp one two
    rs-matrix half.rs -o half.matrix
    rs-stat -f csv -t 1 half.matrix >one.matrix
    rs-stat -f csv -t 2 half.matrix >two.matrix
    cmp one.matrix two.matrix
    run -0 /usr/bin/python3 - <<'END'
import csv, datetime, json, subprocess, collections
got = {tuple(r[:3]): r[3] for r in csv.reader(open("two"))}
months, days = collections.defaultdict(list), collections.defaultdict(list)
names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
for line in subprocess.run(["rs-view", "half.rs"], stdout=subprocess.PIPE, check=True).stdout.splitlines():
    row = json.loads(line)
    when = datetime.datetime.strptime(row["time"][:10], "%Y-%m-%d")
    months[row["time"][:7]].append(row["rating"])
    days[names[when.weekday()]].append(row["rating"])
bad = 0
for figure, groups in ("month", months), ("weekday", days):
    for name, ratings in groups.items():
        n, mean = float(got[figure, name, "n"]), float(got[figure, name, "mean"])
        if n != 2 * len(ratings) or abs(mean - sum(ratings) / len(ratings)) > 1e-6:
            bad += 1
            print(figure, name, n, mean, len(ratings))
assert not bad and len(months) > 100 and len(days) == 7
END
    head -c 3000000 twice.rs >cut.rs # while both are at work
    fails 65 rs-stat -t 2 cut.rs
}

@test "many different values fall into bins" {
    awk 'BEGIN { for (i = 1; i <= 2000; i++) print 1 + i % 50 "," i "," 1 + (i * 37) % 1999 }' >counts.csv
    rs-clean counts.csv --feedback implicit | rs-stat -f csv >stats.csv
    assert_equal "$(awk -F, '$1 == "rating" && $3 == "n"' stats.csv | wc -l)" 50
    assert_equal "$(awk -F, '$1 == "rating" && $3 == "n" { s += $4 } END { print s }' stats.csv)" 2000
    assert_equal "$(value stats.csv summary implicit value)" 1
    grep -q '^left_out,time,reason,' stats.csv
    grep -q '^left_out,user,reason,' stats.csv
}

@test "what it can't read is refused in a line" {
    rs-clean "$SAMPLE" -o sample.rs
    rs-matrix sample.rs -o sample.matrix
    fails 66 rs-stat nowhere.rs
    echo "no rs file, but long enough to be one of them perhaps" >text
    fails 65 rs-stat text
    rs-sim sample.matrix --side item -o graph.rs
    fails 65 rs-stat graph.rs
    fails 64 rs-stat sample.matrix sample.matrix
    head -c 5000 sample.rs >cut.rs
    fails 65 rs-stat cut.rs
    fails 64 rs-stat --format xml sample.rs
}

@test "no ratings at all" {
    rs-clean "$SAMPLE" | rs-split --after 2100-01-01 --train - --test none.rs >/dev/null
    run -0 rs-stat -f json none.rs
    refute_output --partial nan
    run -0 rs-stat none.rs
}
