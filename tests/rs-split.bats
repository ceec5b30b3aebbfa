# rs-split: every rating in one part, by rules that neither order nor numbering nor machine can bend.

setup() {
    load helper
    _common_setup
    rs-clean "$SAMPLE" -o sample.rs
}

# The rows of an rs file without the row of names, sorted.
rows() {
    rs-view -f csv -c user,item,rating,time "$@" | tail -n +2 | sort
}

# The pairs of one.
pairs() {
    rs-view -f csv -c user,item "$@" | tail -n +2 | sort
}

# The end map's "split".
told() {
    rs-view --header "$1" | tail -n 1 | jq -c ".split$2"
}

# Union and disjointness: both parts together are the input, row for row.
assert_partition() {
    rows "$1" >whole
    sort <(rows train.rs) <(rows test.rs) >both
    diff whole both || fail "training and test are not the input"
    assert_equal "$(told train.rs .train)" "$(rows train.rs | wc -l)"
    assert_equal "$(told test.rs .test)" "$(rows test.rs | wc -l)"
}

@test "every method parts the input without loss" {
    while read -r options; do
        run -0 --separate-stderr rs-split $options sample.rs --train train.rs --test test.rs
        assert_equal "$stderr$output" ""
        assert_partition sample.rs
        [ "$(rows test.rs | wc -l)" -gt 0 ] || fail "$options: the test is empty"
        run -0 rs-view --check train.rs test.rs
    done <<'END'
--folds 5 --fold 1
--folds 2 --fold 2 --seed 9
--folds 5 --fold 3 --stratify
--holdout 20%
--holdout 0.5
--holdout 3
--last 1
--last 10%
--after 0.2
--after 25%
--after 2019-01-01
--cold-users 0.3
--cold-users 0.3 --given 4
--cold-items 0.2
--cold-items 20% --given 2
END
}

@test "the folds are disjoint, make up the input and are of about the same size" {
    for stratify in "" --stratify; do
        : >union
        for fold in 1 2 3 4 5; do
            rs-split --folds 5 --fold $fold $stratify sample.rs --test test.rs
            rows test.rs >>union
            # 2660 / 5 = 532, standard deviation 20.6: within five of them
            n=$(rows test.rs | wc -l)
            [ "$n" -gt 429 ] && [ "$n" -lt 635 ] || fail "fold $fold has $n"
        done
        diff <(sort union) <(rows sample.rs)
    done
}

@test "stratified folds give every user's ratings evenly" {
    for fold in 1 2 3 4 5; do
        rs-split --folds 5 --fold $fold --stratify sample.rs --test $fold.rs
        rs-view -f csv -c user $fold.rs | tail -n +2 | sort | uniq -c >$fold.counts
    done
    cat ?.counts | awk '{ n[$2]++; if (!($2 in min) || $1 < min[$2]) min[$2] = $1
                          if ($1 > max[$2]) max[$2] = $1; total += $1 }
        END { for (u in n) if (max[u] - (n[u] < 5 ? 0 : min[u]) > 1) exit 1; exit total != 2660 }'
}

@test "a rating's fold hangs on seed and ids alone, not on order, numbering or the other ratings" {
    rs-split --folds 5 --fold 2 sample.rs --test test.rs
    pairs test.rs >expected
    (head -n 1 "$SAMPLE"; tail -n +2 "$SAMPLE" | sort -t, -k3,3 -k2,2r -k4,4) >shuffled.csv
    rs-clean shuffled.csv | rs-split --folds 5 --fold 2 --part test | pairs | diff expected -
    cat <(rs-clean shuffled.csv) sample.rs | rs-split --folds 5 --fold 2 --part test | pairs |
        uniq | diff expected -
    (head -n 1 "$SAMPLE"; tail -n +2 "$SAMPLE" | grep '^7,') | rs-clean | rs-split --folds 5 --fold 2 \
        --part test | pairs | diff <(grep '^7,' expected) -
    for method in "--holdout 3" "--cold-users 30% --given 2" "--last 2" "--folds 4 -i 1 --stratify"; do
        rs-split $method sample.rs --part test | pairs >expected
        rs-clean shuffled.csv | rs-split $method --part test | pairs | diff expected -
    done
}

@test "another seed draws other ratings; the seed is in the header" {
    for method in "--folds 5 --fold 1" "--holdout 2" "--cold-users 0.4" "--cold-items 0.4"; do
        rs-split $method sample.rs --part test | pairs >first
        rs-split $method sample.rs --part test --seed 1 | pairs | diff first -
        run -1 diff <(rs-split $method sample.rs --part test --seed 2 | pairs) first
        rs-split $method sample.rs --part test --seed 2 -o test.rs
        assert_equal "$(rs-view --header test.rs | head -n 1 | jq -r .split.seed)" 2
    done
}

@test "a fold of a fold is drawn anew: its size is right, whatever the seeds" {
    rs-split --folds 5 --fold 1 sample.rs --train train.rs
    n=$(rows train.rs | wc -l)
    for fold in 1 2 3 4 5; do
        rs-split --folds 5 --fold $fold train.rs --part test -o inner.rs
        inner=$(rows inner.rs | wc -l)
        [ $((inner * 5)) -gt $((n * 8 / 10)) ] && [ $((inner * 5)) -lt $((n * 12 / 10)) ] ||
            fail "fold $fold has $inner of $n"
    done
    assert_equal "$(rs-view --header inner.rs | head -n 1 | jq -c '.split | [.role, .outer.role, .outer.fold]')" \
        '["test","train",1]'
    cp train.rs deep.rs
    for depth in 2 3 4 5; do rs-split --holdout 1 deep.rs -o deeper.rs; mv deeper.rs deep.rs; done
    fails 65 rs-split --holdout 1 deep.rs -o deeper.rs
}

# One user with five ratings, one with two, times that tie, one without a time.
small() {
    rs-clean <<'END'
user,item,rating,time
a,10,1,2020-01-03
a,9,2,2020-01-03
a,8,3,2020-01-05
a,7,4,2020-01-01
a,6,5,
b,9,1,2020-01-02
b,7,2,2020-01-04
END
}

@test "the last ratings are the latest, of equal times the greatest id, and never one without a time" {
    small >small.rs
    assert_equal "$(rs-split --last 1 small.rs --part test | pairs | xargs)" "a,8 b,7"
    assert_equal "$(rs-split --last 2 small.rs --part test | pairs | xargs)" "a,10 a,8 b,7 b,9"
    assert_equal "$(rs-split --last 3 small.rs --part test | pairs | xargs)" "a,10 a,8 a,9 b,7 b,9"
    assert_equal "$(rs-split --last 4 small.rs --part train | pairs | xargs)" "a,6"
    # 40% of 5 is 2, of 2 is 0.8: rounded to 1
    assert_equal "$(rs-split --last 40% small.rs --part test | pairs | xargs)" "a,10 a,8 b,7"
}

@test "a holdout takes so many of every user, or such a share" {
    small >small.rs
    for n in 1 2; do
        assert_equal "$(rs-split --holdout $n small.rs --part test | rs-view -f csv -c user | sort | uniq -c |
            xargs)" "$n a $n b 1 user"
    done
    assert_equal "$(rs-split --holdout 3 small.rs --part train | rs-view -f csv -c user | xargs)" "user a a"
    assert_equal "$(rs-split --holdout 0.6 small.rs --part test | rs-view -f csv -c user | sort | xargs)" \
        "a a a b user"
}

@test "a cut in time is clean: nothing in training is as late as the test" {
    small >small.rs
    assert_equal "$(rs-split --after 2020-01-03 small.rs --part test | pairs | xargs)" "a,10 a,8 a,9 b,7"
    assert_equal "$(rs-split --after 1578096000 small.rs --part test | pairs | xargs)" "a,8 b,7"
    assert_equal "$(rs-split --after 2020-01-03T00:00:00.001Z small.rs --part test | pairs | xargs)" "a,8 b,7"
    # 40% of the 6 with a time: 2.4, so 2; half of them: 3, but the third is of one moment with a fourth
    assert_equal "$(rs-split --after 40% small.rs --part test | pairs | xargs)" "a,8 b,7"
    rs-split --after 50% small.rs --train train.rs --test test.rs
    assert_equal "$(pairs test.rs | xargs)" "a,10 a,8 a,9 b,7"
    assert_equal "$(rs-view --header test.rs | head -n 1 | jq -r .split.from)" "2020-01-03T00:00:00Z"
    assert_equal "$(told test.rs .train_after_first_test)" 0
    assert_partition small.rs
}

@test "cold users have none of their ratings in training, or those that are given" {
    rs-split --cold-users 30% sample.rs --train train.rs --test test.rs
    rs-view -f csv -c user train.rs | sort -u >train.users
    rs-view -f csv -c user test.rs | sort -u >test.users
    assert_equal "$(comm -12 train.users test.users)" user
    # 120 users: 36, standard deviation 5
    n=$(wc -l <test.users)
    [ "$n" -gt 11 ] && [ "$n" -lt 61 ] || fail "$n cold users"
    assert_equal "$(told test.rs .test_of_new_users)" "$(told test.rs .test)"
    rs-split --cold-users 30% --given 5 sample.rs --train train.rs --test test5.rs
    rs-view -f csv -c user test5.rs | sort -u | diff test.users -
    while read -r user; do
        [ "$user" = user ] || assert_equal "$(rs-view -f csv -u "$user" train.rs | wc -l)" 6
    done <test.users
    rs-split --cold-items 20% sample.rs --train train.rs --test test.rs
    assert_equal "$(comm -12 <(rs-view -f csv -c item train.rs | sort -u) \
        <(rs-view -f csv -c item test.rs | sort -u))" item
    assert_equal "$(told test.rs .test_of_new_items)" "$(told test.rs .test)"
}

@test "a column may name the folds" {
    printf 'user,item,rating,part\n1,a,3,x\n1,b,4,y\n2,a,5,x\n2,c,1,\n' | rs-clean -c user,item,rating,part \
        >parts.rs
    assert_equal "$(rs-split --fold-column part --fold x parts.rs --part test | pairs | xargs)" "1,a 2,a"
    assert_equal "$(rs-split --fold-column part --fold x parts.rs | rs-view -f csv | xargs)" \
        "user,item,rating,part 1,b,4,y 2,c,1,"
    fails 65 rs-split --fold-column part --fold z parts.rs -o z.rs
    assert_equal "$stderr" "rs-split: no rating has 'z' in column 'part'"
    [ ! -e z.rs ]
    fails 65 rs-split --fold-column colour --fold x parts.rs
    assert_equal "$stderr" "rs-split: parts.rs: has no column 'colour'"
}

@test "test ratings of users who have too little training are left out and counted" {
    small >small.rs
    rs-split --last 3 --min-train 2 small.rs --train train.rs --test test.rs -v 2>said
    assert_equal "$(pairs train.rs | xargs)" "a,6 a,7"
    assert_equal "$(pairs test.rs | xargs)" "a,10 a,8 a,9"
    assert_equal "$(told test.rs .left_out)" 2
    grep -q "2 ratings for training, 3 in the test, 2 left out" said
}

@test "the parts keep tables, columns and a declared scale, and no scale that was only seen" {
    rs-clean "$SAMPLE" --users "$SAMPLE_USERS" --items "$SAMPLE_ITEMS" --scale 0.5,5 -o full.rs
    rs-split --last 1 full.rs --train train.rs --test test.rs
    for part in train test; do
        diff <(rs-view --users full.rs) <(rs-view --users $part.rs)
        diff <(rs-view --items full.rs) <(rs-view --items $part.rs)
        assert_equal "$(rs-view --header $part.rs | head -n 1 | jq -c '.scale | [.min, .max]')" "[0.5,5]"
        assert_equal "$(rs-view --header $part.rs | head -n 1 | jq -r .split.role)" $part
        assert_equal "$(rs-view --header $part.rs | head -n 1 | jq -r .feedback)" explicit
    done
    small >small.rs # 1 to 5, but the test of the latest has 2 and 3
    rs-split --last 1 small.rs --part test -o test.rs
    assert_equal "$(rs-view --header test.rs | head -n 1 | jq .scale)" null
    assert_equal "$(rs-view --header test.rs | tail -n 1 | jq -c '.scale | [.min, .max]')" "[2,3]"
}

@test "what leaks from the future is told" {
    small >small.rs
    rs-split --last 1 small.rs --train train.rs --test test.rs -v 2>said
    # the test is of 4 and 5 January, the training of 1, 2, 3, 3: nothing is later
    assert_equal "$(told train.rs .train_after_first_test)" 0
    printf 'u,i,5,2020-01-02\nu,j,4,2020-01-01\nv,i,3,2020-01-09\nv,j,3,2020-01-08\nv,k,3,2020-01-03\n' |
        rs-clean >leak.rs
    rs-split --last 1 leak.rs --train train.rs --test test.rs -v 2>said
    # tests of 2 and 9, of which 2 is the (lower) median; trainings of 1, 3 and 8
    assert_equal "$(told test.rs .train_after_first_test)" 0.6666666666666666
    assert_equal "$(cat said)" "rs-split: 3 ratings for training, 2 in the test; 66.7% of the training \
is later than the first test rating, 66.7% than the median"
    rs-clean <(cut -d, -f1-3 "$SAMPLE") | rs-split --holdout 1 -v >out.rs 2>said
    assert_equal "$(cat said)" "rs-split: 2540 ratings for training, 120 in the test"
}

@test "parts go to files, to standard output and through pipes alike" {
    rs-split --folds 5 --fold 1 sample.rs --train train.rs --test test.rs
    rs-split --folds 5 --fold 1 sample.rs | cmp train.rs -
    rs-split --folds 5 --fold 1 --part test <sample.rs | cmp test.rs -
    cat sample.rs | rs-split --folds 5 --fold 1 - -o out.rs && cmp train.rs out.rs
    rs-split --folds 5 --fold 1 sample.rs --train - --test other.rs | cmp train.rs -
    cmp other.rs test.rs
    rs-split --folds 5 --fold 1 sample.rs --test only.rs
    cmp only.rs test.rs
    rs-split --holdout 1 sample.rs sample.rs -v 2>&1 >twice.rs | grep -q "^rs-split: 5200 ratings for"
}

@test "segments with other columns are refused while streaming and joined in memory" {
    rs-clean <(cut -d, -f1-3 "$SAMPLE") -o bare.rs
    cat sample.rs bare.rs | rs-split --folds 2 --fold 1 >out.rs
    assert_equal "$(rs-view -f csv -n 1 out.rs | head -n 1)" user,item,rating,time
    run -65 bash -c "cat bare.rs sample.rs | rs-split --folds 2 --fold 1"
    assert_line --partial "has a column that the first segment lacks"
    cat bare.rs sample.rs | rs-split --holdout 1 >out.rs
    assert_equal "$(rs-view -f csv -n 1 out.rs | head -n 1)" user,item,rating,time
}

@test "an empty part is warned of; an empty input stays one" {
    small >small.rs
    run -0 --separate-stderr rs-split --after 2030-01-01 small.rs -o out.rs
    assert_equal "$stderr" "rs-split: warning: no rating is in the test"
    run -0 --separate-stderr rs-split --after 2000-01-01 --part test small.rs -o out.rs
    assert_equal "$(pairs out.rs | wc -l)" 6
    rs-split --after 2030-01-01 small.rs --part test -q -o none.rs
    run -0 rs-view --check none.rs
    run -0 --separate-stderr rs-split --folds 2 --fold 1 -q none.rs -o again.rs
    run -0 --separate-stderr rs-split --last 1 -q none.rs -o again.rs
    assert_equal "$(rs-view -f csv again.rs)" user,item,rating,time
}

@test "wrong usage is one line each" {
    fails 64 rs-split sample.rs
    while read -r options; do fails 64 rs-split $options sample.rs; done <<'END'
--folds 5
--folds 1 --fold 1
--folds 5 --fold 0
--folds 5 --fold 6
--folds 5 --fold x
--folds 5 --fold 1 --last 1
--last 1 --fold 1
--last 0
--last 1.5
--last 100%
--holdout 0%
--holdout -1
--cold-users 3
--cold-items 1.0
--after soon
--last 1 --stratify
--last 1 --given 3
--folds 5 --fold 1 --train a --part test
--folds 5 --fold 1 --train a -o b
--folds 5 --fold 1 --train a --test a
END
    rs-clean <(cut -d, -f1-3 "$SAMPLE") -o bare.rs
    fails 65 rs-split --last 1 bare.rs
    fails 65 rs-split --after 2020-01-01 bare.rs
    fails 65 rs-split --after 0.2 bare.rs
    fails 65 rs-split --last 1 "$SAMPLE"
    fails 66 rs-split --last 1 nowhere.rs
    fails 73 rs-split --last 1 sample.rs -o nowhere/out.rs
}

@test "ML-100K: sizes, folds and counts" {
    require_data ml-100k/u.data
    rs-clean "$DATA" -o ml.rs
    : >union
    for fold in 1 2 3 4 5; do
        rs-split --folds 5 --fold $fold ml.rs --train train.rs --test test.rs
        n=$(told test.rs .test)
        # 20000, standard deviation 126.5
        [ "$n" -gt 19368 ] && [ "$n" -lt 20632 ] || fail "fold $fold has $n"
        assert_equal "$(told train.rs .train)" $((100000 - n))
        rows test.rs >>union
    done
    sort union | cmp - <(rows ml.rs)
    rs-split --last 1 ml.rs --train train.rs --test test.rs
    assert_equal "$(told test.rs .test)" 943
    assert_partition ml.rs
    # Independently: every user's latest time is that of the test rating.
    awk -F'\t' '$4 > t[$1] { t[$1] = $4 } END { for (u in t) print u, t[u] }' "$DATA" | sort >latest
    rs-view -f csv -c user,time test.rs | tail -n +2 | while IFS=, read -r user time; do
        echo "$user $(date -u -d "$time" +%s)"
    done | sort | diff latest -
    rs-split --after 20% ml.rs --train train.rs --test test.rs
    assert_equal "$(told test.rs .train_after_first_test)" 0
    assert_equal "$(told test.rs .test)" "$(awk -F'\t' '{ print $4 }' "$DATA" | sort -n | awk '
        { t[NR] = $1 } END { for (i = NR; t[i] >= t[NR - 19999]; i--) n++; print n }')"
}
