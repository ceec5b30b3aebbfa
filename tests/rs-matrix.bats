# rs-matrix: every rating twice, sorted, with means and biases, whatever the order of the input.

setup() {
    load helper
    _common_setup
    rs-clean "$SAMPLE" -o ratings.rs
}

# A matrix of CSV lines on standard input: user,item,rating. Further arguments are rs-matrix's.
matrix_of() {
    (echo user,item,rating; cat) | rs-clean | rs-matrix "$@"
}

@test "rows and columns hold the same ratings, ids in their order, numbers by value" {
    matrix_of -o m.rs <<-END
	b,x,1
	10,30,2
	2,x,3
	10,4,4
	2,30,5
	END
    run -0 rs-view -f csv m.rs
    assert_output "$(printf 'user,item,rating\n2,30,5\n2,x,3\n10,4,4\n10,30,2\nb,x,1')"
    run -0 rs-view --array column_start m.rs
    assert_output "$(printf '0\n1\n3\n5')"
    run -0 rs-view --array column_user m.rs
    assert_output "$(printf '1\n0\n1\n0\n2')"
    run -0 rs-view --array column_rating m.rs
    assert_output "$(printf '4\n5\n2\n3\n1')"
}

@test "the order of the input, its cut into files and threads change nothing" {
    rs-matrix ratings.rs -o straight.rs
    (head -n 1 "$SAMPLE"; tail -n +2 "$SAMPLE" | sort -t, -k3,3 -k1,1r) | rs-clean |
        rs-matrix -t 3 -o shuffled.rs
    cmp straight.rs shuffled.rs
    (head -n 1 "$SAMPLE"; tail -n +2 "$SAMPLE" | awk 'NR % 2') | rs-clean -o odd.rs
    (head -n 1 "$SAMPLE"; tail -n +2 "$SAMPLE" | awk 'NR % 2 == 0') | rs-clean -o even.rs
    rs-matrix even.rs odd.rs -t 1 -o files.rs
    cmp straight.rs files.rs
    cat odd.rs even.rs | rs-matrix -t 2 >joined.rs
    cmp straight.rs joined.rs
}

@test "many ratings: the same bytes from a file, from a pipe, in any order, for any number of threads" {
    rs-synth --users 4000 --items 900 --ratings 250000 --seed 5 -o many.csv
    (cat many.csv; tail -n +2 many.csv | head -n 20000) | rs-clean -q -o many.rs
    rs-matrix -q -t 1 many.rs -o one.rs
    for t in 2 3 7; do rs-matrix -q -t $t many.rs -o more.rs && cmp one.rs more.rs; done
    cat many.rs | rs-matrix -q -t 2 | cmp - one.rs
    rs-view --check one.rs
    (head -n 1 many.csv; tail -n +2 many.csv | sort -t, -k2,2n -k1,1n) | rs-clean -q |
        rs-matrix -t 2 -o by_item.rs
    (head -n 1 many.csv; tail -n +2 many.csv | sort -t, -k1,1n -k2,2n) | rs-clean -q |
        rs-matrix -t 2 -o sorted.rs
    cmp one.rs by_item.rs
    cmp one.rs sorted.rs
    for t in 1 3; do rs-matrix -q --times -t $t many.rs -o times$t.rs; done
    cmp times1.rs times3.rs
    rs-view --array row_time times1.rs | head -n 3 >first
    rs-view -f csv -n 3 times1.rs | tail -n +2 | while IFS=, read -r user item _; do
        grep "^$user,$item," many.csv | tail -n 1 | cut -d, -f4
    done | sed 's/$/000/' | cmp - first
}

# The least memory for these arguments, from the complaint about too little.
least_memory() {
    run -64 --separate-stderr rs-matrix "$@" --memory 1K
    [[ $stderr =~ ^rs-matrix:\ --memory:\ 1024\ bytes\ are\ not\ enough:\ ([0-9]+)\ \( ]]
    LEAST=${BASH_REMATCH[1]}
}

@test "bounded memory: the same bytes by way of temporary files that nobody sees" {
    rs-synth --users 4000 --items 900 --ratings 250000 --seed 5 -o many.csv
    (head -n 1 many.csv; tail -n +2 many.csv | sort -t, -k4,4n; tail -n +2 many.csv |
        head -n 20000) | rs-clean -q -o many.rs
    for options in "" --times; do
        rs-matrix -q $options many.rs -o whole.rs
        least_memory -q -t 2 $options many.rs
        for memory in $LEAST $((LEAST + 300000)) 30M 1G; do
            for t in 1 2; do
                rs-matrix -q $options -t $t --memory $memory many.rs -o bounded.rs
                cmp whole.rs bounded.rs
            done
        done
        fails 64 rs-matrix -q -t 2 $options --memory $((LEAST - 1)) many.rs
        cat many.rs | rs-matrix -q -t 2 $options --memory $LEAST | cmp - whole.rs
    done
    (echo user,item,count; awk -F, 'NR > 1 { print $1 "," $2 "," $3 * 2 }' many.csv) |
        rs-clean -q --feedback implicit -o counts.rs
    rs-matrix -q counts.rs -o whole.rs
    least_memory -q -t 2 counts.rs
    rs-matrix -q -t 2 --memory $LEAST counts.rs | cmp - whole.rs
    assert_equal "$(find . -name '*tmp*')" ""
}

@test "bounded memory is what the process takes" {
    [[ $(command -v rs-matrix) != */san/* ]] || skip "a sanitizer takes memory of its own"
    [ -x /usr/bin/time ] || skip "no /usr/bin/time"
    rs-synth --users 10000 --items 5000 --ratings 1500000 --seed 5 | rs-clean -q -o many.rs
    rs-matrix -q many.rs -o whole.rs
    for megabytes in 28 40; do
        run -0 --separate-stderr /usr/bin/time -f %M rs-matrix -q -t 2 --memory ${megabytes}M \
            many.rs -o bounded.rs
        assert [ "$stderr" -le $((megabytes * 1024)) ]
        cmp whole.rs bounded.rs
    done
}

@test "no room or no place for temporary files, and signals" {
    rs-synth --users 4000 --items 900 --ratings 250000 --seed 5 | rs-clean -q -o many.rs
    least_memory many.rs
    run -74 --separate-stderr bash -c "trap '' XFSZ; ulimit -f 1024
        exec rs-matrix --memory $LEAST many.rs -o m.rs"
    assert_equal "$stderr" "rs-matrix: temporary file in .: File too large"
    TMPDIR=/nowhere run -73 --separate-stderr bash -c "rs-matrix --memory $LEAST many.rs | cat; exit \${PIPESTATUS[0]}"
    assert_equal "$stderr" "rs-matrix: temporary file in /nowhere: No such file or directory"
    mkfifo pipe
    rs-matrix --memory $LEAST pipe -o m.rs & program=$!
    exec 7>pipe
    head -c 3000000 many.rs >&7
    kill -TERM $program
    wait $program || true
    exec 7>&-
    assert_equal "$(find . -name '*tmp*' -o -name m.rs)" ""
}

@test "means, deviations and biases are those of an independent computation" {
    for options in "" "--user-damping 3 --item-damping 0.5 --sweeps 4" "--sweeps 0" \
        "--user-damping 0 --item-damping 0"; do
        rs-matrix $options ratings.rs -o m.rs
        run -0 /usr/bin/python3 - "$SAMPLE" <(rs-view --biases users -f csv m.rs) \
            <(rs-view --biases items -f csv m.rs) $options <<'END'
import csv, statistics, sys
rows = [(r["user"], r["item"], float(r["rating"])) for r in csv.DictReader(open(sys.argv[1]))]
options = dict(zip(sys.argv[4::2], sys.argv[5::2]))
user_damping = float(options.get("--user-damping", 15))
item_damping = float(options.get("--item-damping", 10))
of = ({}, {})
for user, item, rating in rows:
    of[0].setdefault(user, []).append((item, rating))
    of[1].setdefault(item, []).append((user, rating))
mean = sum(r for _, _, r in rows) / len(rows)
bias = ({u: 0.0 for u in of[0]}, {i: 0.0 for i in of[1]})
for _ in range(int(options.get("--sweeps", 10))):
    for side, damping in ((1, item_damping), (0, user_damping)):
        for name, given in of[side].items():
            bias[side][name] = sum(r - mean - bias[1 - side][o] for o, r in given) / (
                damping + len(given))
for side in (0, 1):
    for row in csv.DictReader(open(sys.argv[2 + side])):
        given = [r for _, r in of[side][row["user" if side == 0 else "item"]]]
        name = row["user" if side == 0 else "item"]
        assert int(row["n"]) == len(given)
        assert abs(float(row["mean"]) - statistics.fmean(given)) < 1e-12
        assert abs(float(row["deviation"]) - statistics.pstdev(given)) < 1e-12, row
        assert abs(float(row["bias"]) - bias[side][name]) < 1e-9, (row, bias[side][name])
END
    done
}

@test "the last rating of a pair counts and a warning counts the others" {
    printf 'a,x,1\nb,x,2\n' | (echo user,item,rating; cat) | rs-clean -o one.rs
    printf 'a,x,3\na,y,4\n' | (echo user,item,rating; cat) | rs-clean -o two.rs
    run -0 --separate-stderr rs-matrix one.rs two.rs one.rs two.rs -o m.rs
    assert_equal "$stderr" \
        "rs-matrix: warning: 5 ratings went because a later one is of the same user and item"
    run -0 rs-view -f csv m.rs
    assert_output "$(printf 'user,item,rating\na,x,3\na,y,4\nb,x,2')"
    run -0 --separate-stderr rs-matrix -q one.rs two.rs one.rs two.rs -o quiet.rs
    assert_equal "$stderr" ""
    cmp m.rs quiet.rs
}

@test "times come along when asked for" {
    printf 'user,item,rating,time\nb,x,1,1000000000\na,x,2,1100000000\n' | rs-clean -o t.rs
    rs-matrix --times t.rs -o m.rs
    run -0 rs-view --array row_time m.rs
    assert_output "$(printf '1100000000000\n1000000000000')"
    rs-matrix t.rs -o none.rs
    run -65 rs-view --array row_time none.rs
}

@test "one user, one item, one rating, all ratings alike" {
    for lines in 'a,x,3' 'a,x,3\na,y,3' 'a,x,3\nb,x,3'; do
        printf "$lines\n" | matrix_of -o m.rs
        run -0 rs-view --check m.rs
        run -0 rs-view -f csv --biases items m.rs
        refute_output --partial nan
    done
}

@test "a million users with one rating each, and a user who rated everything" {
    (echo user,item,rating; awk 'BEGIN { for (u = 0; u < 1000000; u++)
        print u ",i" (u * 7919) % 1000 "," u % 5 + 1
        for (i = 0; i < 1000; i++) print "all,i" i ",3" }') | rs-clean -q -o many.rs
    run -0 --separate-stderr rs-matrix -v many.rs -o m.rs
    assert_equal "$stderr" "rs-matrix: 1001000 ratings, 1000001 users, 1000 items"
    rs-matrix many.rs -t 1 --memory 250M | cmp - m.rs
    run -0 bash -c "rs-view -f csv --biases users m.rs | tail -n 1"
    assert_output --regexp '^all,1000,3,1.4135'
}

@test "what is no stream of ratings is refused" {
    : >empty
    fails 65 rs-matrix empty
    fails 65 rs-matrix "$SAMPLE"
    fails 66 rs-matrix nothere.rs
    rs-matrix ratings.rs -o m.rs
    fails 65 rs-matrix m.rs
    assert_equal "$stderr" "rs-matrix: m.rs: holds matrix where ratings are needed"
    head -c 3000 ratings.rs >cut.rs
    fails 65 rs-matrix cut.rs
    fails 64 rs-matrix --normalise median ratings.rs
    fails 64 rs-matrix --sweeps -1 ratings.rs
}

@test "-v says what there is" {
    run -0 --separate-stderr rs-matrix -v ratings.rs -o m.rs
    assert_equal "$stderr" "rs-matrix: 2660 ratings, 120 users, 90 items"
}
