# rs-context: finds what is planted and nothing else, does what its formulas say, and survives what
# can go wrong; rs-score in a situation.

# By one thread unless a test says otherwise: on data this small threads wait for each other longer than they work.
export OMP_NUM_THREADS=1

setup() {
    load helper
    _common_setup
    find_python msgpack numpy
}

# A set in which the device matters and the mood does not; made once for all tests.
setup_file() {
    load helper
    _common_setup
    cd "$BATS_FILE_TMPDIR"
    rs-synth -q --users 600 --items 800 -n 40000 --seed 6 -c device:values=3,strength=0.15 \
        -c mood:values=3,strength=0 -o planted.csv
    rs-clean -q planted.csv -o planted.rs \
        --columns user=user,item=item,rating=rating,time=timestamp,device=device,mood=mood
    rs-split -q --folds 5 --fold 1 planted.rs --train train.rs --test test.rs
    rs-matrix -q --times train.rs -o train.matrix
    rs-context train.matrix --ratings train.rs -d device -d mood -o context.rs
    rs-factor -q train.matrix --method mf -o mf.rs
    rs-factor -q train.matrix --method ease -o ease.rs
}

planted() { cp "$BATS_FILE_TMPDIR"/*.rs "$BATS_FILE_TMPDIR"/*.matrix .; }

sample() {
    rs-clean "$SAMPLE" --users "$SAMPLE_USERS" -o sample.rs
    rs-matrix --times sample.rs -o sample.matrix
}

# The figure of METRIC that rs-eval gives for FILE.
figure() { rs-eval -q -m "$1" -f csv "$2" | awk -F, '$3 == "all" && $4 ~ "^'"$1"'" { print $5; exit }'; }

score() { rs-score -q -m train.matrix --pairs test.rs "$@"; }

@test "names what is planted, and nothing else" {
    planted
    run -0 bash -c "rs-view --header context.rs | head -n 1 |
        jq -r '.dimensions[] | [.name, .predict.kept, .rank.kept] | @csv'"
    assert_output - <<'EOF'
"device",true,true
"mood",false,false
EOF
    rs-view --header context.rs | head -n 1 |
        jq -e '.camf | .weight > 0 and .weight < 1 and .effect > 0 and .p < 0.01 and .rank_weight > 0'
    rs-view --header context.rs | head -n 1 |
        jq -e '.dimensions[0].predict | .gain > 4 * .error and .p < 1e-6 and .adjusted >= .p'
    rs-view --check context.rs
}

@test "ratings and ranks of unseen pairs come closer by it" {
    planted
    score --model mf=mf.rs -o without.rs
    score --model mf=mf.rs --context-model context.rs --context-from device -o with.rs
    awk -v a="$(figure rmse without.rs)" -v b="$(figure rmse with.rs)" 'BEGIN { exit !(b < a - 0.01) }' ||
        fail "$(figure rmse without.rs) to $(figure rmse with.rs)"
    ranked=(--rank --model ease=ease.rs --context-model context.rs --context-from device)
    score "${ranked[@]}" --context-off -o without.rs
    score "${ranked[@]}" -o with.rs
    awk -v a="$(figure ndcg without.rs)" -v b="$(figure ndcg with.rs)" 'BEGIN { exit !(b > a + 0.002) }' ||
        fail "$(figure ndcg without.rs) to $(figure ndcg with.rs)"
    rs-view -f csv -c user with.rs | grep -q '@device=[123]$'
}

@test "moves ratings and ranks by its formulas" {
    [ -n "$PYTHON" ] || skip "no numpy"
    planted
    "$PYTHON" "$ROOT/tests/fixtures/rs-context-oracle.py" context.rs train.matrix device 2 17 |
        sort >expected
    { echo user,item,rating; cut -d ' ' -f 1 expected | sed 's/.*/17,&,3/'; } | rs-clean -q - -o all.rs
    for with in "" "--context-model context.rs --context device=2"; do
        rs-score -q -m train.matrix --model mf=mf.rs --pairs all.rs $with | rs-view -f csv -c item,score |
            tail -n +2 | tr , ' ' | sort >"scores${with:+.with}"
    done
    join scores scores.with | join - expected |
        awk '{ d = $3 - $4 * $2 - $5; if (d < 0) d = -d; if (d > 1e-5) { print; bad = 1 } n++ }
             END { exit bad || n < 300 }'
    # The list in the situation is the standardised scores plus the lifts.
    echo 17 | rs-score -q -m train.matrix --model ease=ease.rs --top 800 --users - 2>/dev/null |
        rs-view -f csv -c item,score | tail -n +2 | tr , ' ' >plain
    echo 17 | rs-score -q -m train.matrix --model ease=ease.rs --top 800 --users - \
        --context-model context.rs --context device=2 2>/dev/null |
        rs-view -f csv -c item,score | tail -n +2 | tr , ' ' >moved
    "$PYTHON" - <<'EOF'
import math
plain = [(a, float(b)) for a, b in (l.split() for l in open("plain"))]
moved = {a: float(b) for a, b in (l.split() for l in open("moved"))}
lift = {a: float(d) for a, b, c, d in (l.split() for l in open("expected"))}
mean = sum(s for _, s in plain) / len(plain)
deviation = math.sqrt(sum((s - mean) ** 2 for _, s in plain) / len(plain))
assert len(moved) == len(plain) > 200 and max(abs(x) for x in lift.values()) > 0.05
for item, s in plain:
    assert abs(math.asinh((s - mean) / deviation) + lift[item] - moved[item]) < 1e-4, item
EOF
}

@test "the same bytes for every number of threads" {
    planted
    for t in 1 3; do rs-context -t $t train.matrix --ratings train.rs -d mood -o $t.rs; done
    cmp 1.rs 3.rs
}

@test "a time zone moves the clock; one that does not exist is one clear line" {
    sample
    rs-context sample.matrix -d hour -z Europe/Berlin -o context.rs
    rs-view --header context.rs | head -n 1 | jq -e '.zone == "Europe/Berlin"'
    fails 64 rs-context sample.matrix -z Mars/Olympus -o context.rs
    assert_equal "$stderr" "rs-context: there is no time zone 'Mars/Olympus' (names are like Europe/Berlin or UTC)"
}

@test "users have the clock of their place" {
    rs-synth -q --users 200 --items 120 -n 6000 --seed 3 -c hour:strength=0.4 -c region:values=3,strength=0 \
        --users-table users.csv -o timed.csv
    rs-clean -q timed.csv --users users.csv -o timed.rs \
        --columns user=user,item=item,rating=rating,time=timestamp
    rs-matrix -q --times timed.rs -o timed.matrix
    rs-context -q timed.matrix -d hour -o utc.rs
    rs-context -q timed.matrix -d hour -z Asia/Kolkata -o kolkata.rs
    rs-context -q timed.matrix -d hour --timezone-of region --place 1=Asia/Kolkata --place 2=Asia/Kolkata \
        --place 3=Asia/Kolkata -o places.rs
    for name in utc kolkata places; do
        rs-view --header "$name.rs" | head -n 1 | jq -c '.dimensions[0].predict' >"$name.json"
        rs-view --header "$name.rs" | head -n 1 | jq -e '.dimensions[0].predict.kept'
        rs-score -q -m timed.matrix --model baseline --pairs timed.rs --context-model "$name.rs" \
            --context-from time | rs-view -f csv -c score >"$name.csv"
    done
    cmp kolkata.json places.json
    cmp kolkata.csv places.csv
    run ! cmp -s kolkata.csv utc.csv
    run -0 --separate-stderr rs-context timed.matrix -d hour --timezone-of region --place 1=Asia/Kolkata -o some.rs
    assert_regex "$stderr" "warning: --timezone-of region: tells no time zone of [0-9]+ of 200 users, who have UTC"
    fails 65 rs-context timed.matrix --timezone-of region -o x.rs
    assert_regex "$stderr" "^rs-context: --timezone-of region: there is no time zone '[123]'"
    fails 64 rs-context timed.matrix --timezone-of shoes -o x.rs
    fails 64 rs-context timed.matrix --timezone-of region --place 1 -o x.rs
    fails 64 rs-context timed.matrix --place 1=UTC -o x.rs
    [ ! -e x.rs ]
}

@test "the users' columns are dimensions, the first sign of their zip a region" {
    sample
    rs-context sample.matrix -o context.rs
    run -0 bash -c "rs-view --header context.rs | head -n 1 | jq -c '[.dimensions[].name]'"
    for name in hour weekday user-age item-age sex occupation region; do
        assert_output --partial "\"$name\""
    done
}

@test "without times there is no time to try" {
    rs-clean "$SAMPLE" -q --columns user,item,rating,- | rs-matrix --times -o none.matrix
    run -0 --separate-stderr rs-context none.matrix -o context.rs
    assert_equal "$stderr" "rs-context: warning: none.matrix: has no dimension of context: no times and no categories of users"
    rs-score -m none.matrix --model baseline --top 2 --context-model context.rs --context hour=3 2>warning >/dev/null
    assert_equal "$(cat warning)" "rs-score: warning: --context: context hour is not known and left out"
    fails 65 rs-context none.matrix -d hour -o context.rs
}

@test "missing times are ratings without that context" {
    awk -F, -v OFS=, 'NR > 1 && NR % 3 == 0 { $4 = "" } 1' "$SAMPLE" | rs-clean -q - -o holes.rs
    rs-matrix --times holes.rs -o holes.matrix
    rs-context holes.matrix -d hour -o context.rs
    rs-view --header context.rs | head -n 1 | jq -e '.dimensions[0].coverage | . > 0.6 and . < 0.7'
    rs-score -m holes.matrix --model baseline --pairs holes.rs --context-model context.rs \
        --context-from time -o scores.rs
}

@test "a value seen once is no value" {
    awk -F, -v OFS=, 'NR == 1 { print $0, "mood"; next } { print $0, NR == 9 ? "odd" : NR % 2 ? "good" : "bad" }' \
        "$SAMPLE" >moods.csv
    rs-clean -q moods.csv -o moods.rs --columns user=user,item=item,rating=rating,time=timestamp,mood=mood
    rs-matrix --times moods.rs -o moods.matrix
    rs-context moods.matrix --ratings moods.rs -d mood -o context.rs
    rs-view --header context.rs | head -n 1 | jq -e '.dimensions[0].values == 2 and .dimensions[0].coverage < 1'
    run -0 --separate-stderr rs-score -m moods.matrix --model baseline --top 1 --context-model context.rs \
        --context mood=odd -o lists.rs
    assert_equal "$stderr" "rs-score: warning: --context: context mood=odd is not known and left out"
}

@test "what is not known to the model falls back and says so" {
    planted
    score --model mf=mf.rs | rs-view -f csv -c score >plain
    rs-score -m train.matrix --pairs test.rs --model mf=mf.rs --context-model context.rs \
        --context device=9,place=there 2>said | rs-view -f csv -c score >moved
    cmp plain moved
    assert_equal "$(cat said)" "rs-score: warning: --context: context device=9 is not known and left out
rs-score: warning: --context: context place is not known and left out"
    rs-score -m train.matrix --pairs test.rs --model mf=mf.rs --context-model context.rs \
        --context-from place 2>said | rs-view -f csv -c score >moved
    cmp plain moved
    assert_equal "$(cat said)" "rs-score: warning: --context-from: the model knows no context 'place', which is left out"
}

@test "faults are one line each" {
    planted
    sample
    fails 64 rs-context train.matrix -d shoes -o x.rs
    fails 65 rs-context train.matrix --ratings test.rs -o x.rs
    fails 65 rs-context train.matrix --ratings train.matrix -o x.rs
    fails 66 rs-context nowhere.matrix -o x.rs
    fails 65 rs-context train.matrix --drawn context.rs -o x.rs
    [ ! -e x.rs ]
    top=(rs-score -m train.matrix --model baseline --top 1)
    fails 64 "${top[@]}" --context device=1
    fails 64 "${top[@]}" --context-model context.rs
    fails 64 "${top[@]}" --context-model context.rs --context device
    fails 64 "${top[@]}" --context-model context.rs --context time=yesterday
    fails 64 "${top[@]}" --context-model context.rs --context-from device
    fails 65 "${top[@]}" --context-model mf.rs --context device=1
    head -c 20000 context.rs >cut.rs
    fails 65 "${top[@]}" --context-model cut.rs --context device=1
    fails 65 rs-score -m sample.matrix --model baseline --top 1 --context-model context.rs --context device=1
}

@test "make context leaves the comparison at random and over time as tables" {
    cd "$ROOT"
    out=$BATS_TEST_TMPDIR/out
    MAKEFLAGS='' run -0 make -s context RATINGS="$SAMPLE" USERS="$SAMPLE_USERS" CUTS=0.2 CONTEXT=hour,region \
        MODELS="baseline item ease hybrid" JOBS=1 OUT="$out"
    assert_output --partial "there is nothing to gain from it"
    assert_equal "$(cut -d, -f1,2 "$out/context.csv" | tr '\n' ' ')" \
        "split,metric random,rmse random,mae random,ndcg@10 random,recall@10 random,precision@10 after-0.2,rmse after-0.2,mae after-0.2,ndcg@10 after-0.2,recall@10 after-0.2,precision@10 "
    awk -F, 'NR > 1 && ($3 != $4 || $5 != 0) { bad = 1 } END { exit bad }' "$out/context.csv"
    grep -q '^after-0.2,region,rank,' "$out/dimensions.csv"
}

@test "gains most of what an oracle of planted truth gains" {
    [ -n "$PYTHON" ] || skip "no numpy"
    run -0 "$ROOT/pipelines/context-gain" 201 201 gain
    assert_output --regexp '^1 sets: RMSE less by 0[.]0[0-9]+ of 0[.]0[0-9]+ \([0-9]+ %\); NDCG@10 more by '
    assert_equal "$(wc -l <gain/gains.csv)" 2
    [ ! -e gain/seed-201 ]
    # Programs that make nothing are no gain.
    mkdir nothing
    for program in synth clean split matrix factor context score eval view; do ln -s /bin/true "nothing/rs-$program"; done
    PATH=$PWD/nothing:$PATH run ! "$ROOT/pipelines/context-gain" 1 1 none
    refute_output --partial "1 sets"
}
