# The cost model: its fit finds what was planted, and the target runs.

setup() {
    load helper
    _common_setup
    export MAKEFLAGS=
}

@test "the fit finds the costs that were planted, and says how far off the size is that it has not seen" {
    awk 'BEGIN {
        print "stage,size,ratings,users,items,term,term2,term3,cpu_s,peak_mib,base_mib,out_bytes,squares_users,squares_items"
        split("1M 1M 4M 4M 2M", size); split("60 240 60 240 150", each)
        for (i = 1; i <= 5; i++) {
            r = 1e6 * size[i]; u = r / each[i]; n = 3300
            for (k = 1; k <= 2; k++) printf "%s,%s,%.0f,%d,%d,%.0f,%.0f,0,%.6f,%.6f,10,%.0f,%s\n", k == 1 ? "read" : "matrix",
                size[i], r, u, n, k == 1 ? 20 * r : r, k == 1 ? r : u + n,
                k == 1 ? 100e-9 * r : (50e-9 * r + 2e-6 * (u + n)) * (i == 5 ? 1.25 : 1),
                10 + (8 * r + 100 * (u + n)) / 1048576, 12 * r, k == 1 ? "," : r * r / u ","  4 * r * r / n
            printf "users,%s,%.0f,%d,%d,%.0f,%.0f,%.0f,%.6f,20,10,%.0f,,\n", size[i], r, u, n, 4 * r * r / n, r, u * u / 2,
                0.2e-9 * 4 * r * r / n + 100e-9 * r + 3e-9 * u * u / 2, 12 * r
        }
    }' >scale.csv
    awk -v check=2M -f "$ROOT/pipelines/scale/fit.awk" scale.csv >page
    grep -q '^| matrix | 50 a rating, 2e+03 a user and item | -20 % | 8 | 100 | - | +0 % |' page || fail "$(grep '^| matrix' page)"
    grep -q '^| users | 0.2 a multiply-add, 100 a rating, 3 a pair of users | [+-]0 % |' page || fail "$(grep '^| users' page)"
    grep -q '^The largest error of a time at 2M is 20 %: within' page
    grep -q 'for users, 4.00 for items' page
    run -1 grep -wiE "nan|inf" page
}

@test "make scale measures, fits and writes the page" {
    make -s -C "$ROOT" scale SCALE_FIT="20k 80k" SCALE_CHECK=40k OUT="$PWD/out" >said
    assert_equal "$(cut -d, -f1 out/scale.csv | sort | uniq -c | awk '{ print $1 }' | sort -u | paste -sd' ')" "1 5"
    for stage in read matrix items users factors lists; do grep -q "^| $stage |" out/scale.md || fail $stage; done
    grep -q "^## the internet's" out/scale.md
    run -1 grep -wiE "nan|inf" out/scale.md
}
