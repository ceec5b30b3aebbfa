setup() {
    load helper
    _common_setup
    bench=$ROOT/pipelines/bench
}

@test "a small benchmark: both find the same neighbours, table and picture are made" {
    /usr/bin/python3 -c 'import msgpack, scipy, sklearn' 2>/dev/null || skip "no scikit-learn or msgpack"
    command -v gnuplot >/dev/null || skip "no gnuplot"
    command -v rs-clean >/dev/null || skip "no rs-clean"
    cc -O2 -std=c11 -D_GNU_SOURCE -o timed "$bench/timed.c"
    cc -O2 -std=c11 -D_GNU_SOURCE -fopenmp -o roofline "$bench/roofline.c" $(pkg-config --libs openblas)
    printf 'threads 1\nread_gb_s 10\nsgemm_gmadd_s 40\n' >roofline.txt
    /usr/bin/python3 "$bench/measure.py" --out . --shapes 100k --runs 2 --threads 2 --work-max 1e7
    # Neighbours of a sample of rows, found by scipy and scikit-learn, are all in the graph of rs.
    run awk -F, 'NR > 1 && $16 != "" { n++; least = $16 < 1 ? $16 : least == "" ? 1 : least }
                 END { print n, least }' bench.csv
    assert_output "5 1"
    run cut -d, -f1,2,3,14 bench.csv
    assert_line "rs,read,100k,2"
    assert_line "scikit-learn,users,100k,2"
    assert_line "scipy,top,100k,2"
    /usr/bin/python3 "$bench/report.py" .
    grep -q '^## Users, cosine' bench.md
    [ "$(grep -c '^| 100k' bench.md)" = 14 ]
    gnuplot -c "$bench/plot.gp" . 2>errors
    [ ! -s errors ] || fail "$(cat errors)"
    assert_equal "$(head -c 8 bench.png | od -An -tx1)" " 89 50 4e 47 0d 0a 1a 0a" # a PNG
}

@test "a neighbour that is missing is noticed" {
    /usr/bin/python3 -c 'import msgpack, numpy' 2>/dev/null || skip "no numpy or msgpack"
    rs-synth --users 100 --items 50 --ratings 2000 --least 3 --format rs | rs-matrix -o m.rs
    rs-sim m.rs --side item --metric cosine --over full -k 10 -o whole.rs
    rs-sim m.rs --side item --metric cosine --over full -k 10 --min-support 30 -o lacking.rs
    /usr/bin/python3 "$bench/peer.py" scipy items --matrix m.rs --out lists.npz >/dev/null
    run /usr/bin/python3 "$bench/check.py" whole.rs lists.npz
    assert_output 1.000000
    run /usr/bin/python3 "$bench/check.py" lacking.rs lists.npz
    [[ $output == 0.* ]] || fail "$output"
}

@test "what is timed costs what it costs" {
    cc -O2 -std=c11 -D_GNU_SOURCE -o timed "$bench/timed.c"
    run -0 ./timed cost sleep 0.2
    awk '{ exit !($1 >= 0.2 && $2 < 0.15 && $3 > 0.3 && $3 < 20) }' cost || fail "$(cat cost)"
    run -3 ./timed cost sh -c 'exit 3'
    run -64 ./timed cost
}
