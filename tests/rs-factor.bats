# rs-factor: every method against its formula, and against what can go wrong.

setup() {
    load helper
    _common_setup
    find_python msgpack scipy
}

sample() { rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" | rs-matrix -o sample.matrix; }

# The same without attributes and with times, one part in four held out.
parted_sample() {
    rs-clean "$SAMPLE" | rs-split -q --holdout 0.25 --train train.rs --test test.rs
    rs-matrix --times train.rs -o train.matrix
    rs-view -f csv -c user,item,rating,time train.rs >train.csv
}

# Fits, and checks that no number is further than 1e-5 from what numpy finds by the formula.
agrees() {
    rs-factor "$@" sample.matrix -o model
    off=$("$PYTHON" "$ROOT/tests/fixtures/rs-factor-oracle.py" "$SAMPLE" model)
    awk -v off="$off" 'BEGIN { exit !(off < 1e-5) }' || fail "$*: off by $off"
}

# The same of a fit done anew from its start.
fitted_anew() {
    rs-factor "$@" train.matrix -o model
    off=$("$PYTHON" "$ROOT/tests/fixtures/rs-factor-oracle.py" train.csv model svdpp)
    awk -v off="$off" 'BEGIN { exit !(off < 1e-5) }' || fail "$*: off by $off"
}

# Scores and deviations of test pairs, and of a user folded in, are what numpy makes of the file.
answers_agree() {
    rs-factor "$@" train.matrix -o model
    for who in stored folded; do
        if [ $who = stored ]; then
            rs-score -m train.matrix --model x=model --pairs test.rs |
                rs-view -f csv -c user,item,time,score,deviation >scores.csv
        else
            rs-score -m train.matrix --model x=model --ratings new.rs --pairs asked.rs |
                rs-view -f csv -c user,item,score,deviation >scores.csv
        fi
        [ "$(wc -l <scores.csv)" -gt 10 ]
        off=$("$PYTHON" "$ROOT/tests/fixtures/rs-factor-answers.py" train.csv model scores.csv new.csv)
        awk '{ exit !($1 < 1e-5 && $2 < 1e-5) }' <<<"$off" || fail "$*, $who: off by $off"
    done
}

# The lists of the model for all users, with their scores.
lists() { rs-score -m sample.matrix --model "x=$1" --top 5 | rs-view --format csv -c user,item,score; }

# Differs no more than rounding does: the columns of numbers of two CSV files within 1e-4.
alike() {
    paste -d, "$1" "$2" | awk -F, 'NR > 1 { d = $3 - $6; if (d < 0) d = -d
        if ($1 != $4 || d > 1e-4) { print; bad = 1 } } END { exit bad }'
}

@test "EASE is the closed form: by items, by users, sparse, with dropout" {
    [ -n "$PYTHON" ] || skip "no numpy"
    sample
    agrees --method ease
    agrees --method ease --form users
    agrees --method ease --form items --keep 5
    agrees --method ease --dropout 0.3 --lambda 20 --power 0
    agrees --method ease --preference binary --lambda 10
}

@test "the SVD is scipy's" {
    [ -n "$PYTHON" ] || skip "no scipy"
    sample
    agrees --method svd --factors 6
}

@test "vectors solve the equations of iALS and of matrix factorisation" {
    [ -n "$PYTHON" ] || skip "no numpy"
    sample
    agrees --method ials --factors 20 --sweeps 3
    agrees --method ials --factors 5 --exponent 0.5 --lambda 0.3
    agrees --method mf
    agrees --method mf --factors 50 --sweeps 4
    agrees --method mf --factors 10 --lambda 0.1
}

@test "a fit of mf and of SVD++ is numpy's from the same start, sweep after sweep" {
    [ -n "$PYTHON" ] || skip "no numpy"
    parted_sample
    fitted_anew --method mf --sweeps 6
    fitted_anew --method mf --factors 5 --lambda 0.1 --sweeps 4
    fitted_anew --method svd++ --sweeps 6
    fitted_anew --method svd++ --factors 5 --tau 5 --sweeps 4 --seed 7
}

@test "answers of mf, SVD++ and Gibbs are what numpy makes of their files, of known and of new users" {
    [ -n "$PYTHON" ] || skip "no numpy"
    parted_sample
    { echo user,item,rating; sed -n 's/^7,/9999,/p' train.csv | cut -d, -f1-3; } >new.csv
    rs-clean -q new.csv -o new.rs
    { echo user,item,rating; for item in {101..120}; do echo "9999,$item,3"; done; } >asked.csv
    rs-clean -q asked.csv -o asked.rs
    answers_agree --method mf
    answers_agree --method svd++
    answers_agree --method gibbs --sweeps 40
    answers_agree --method gibbs --sweeps 40 --factors 31 --no-drift --no-sets
}

@test "the bytes do not depend on the number of threads" {
    rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" --users "$SAMPLE_USERS" |
        rs-matrix --times -o sample.matrix
    for method in ease "gibbs --sweeps 20 --chains 3" ials mf svd svd++; do
        rs-factor -m $method -t 1 sample.matrix -o one
        rs-factor -m $method -t 4 sample.matrix -o three
        cmp one three
        [[ $method != ease && $method != svd ]] || continue
        rs-factor -m $method -t 1 --from one --from-matrix sample.matrix sample.matrix -o on
        rs-factor -m $method -t 3 --from one --from-matrix sample.matrix sample.matrix -o on.three
        cmp on on.three
        rs-view --header on | head -n 1 | jq -e --arg one "$(rs-view --header one | tail -n 1 | jq -r .xxh3)" '.from == $one'
    done
    rs-factor -m ease --form users -t 1 sample.matrix -o one
    rs-factor -m ease --form users -t 3 sample.matrix -o three
    cmp one three
}

@test "EASE ranks alike by items and by users, for known users and for users folded in" {
    sample
    rs-factor -m ease --form items sample.matrix -o items
    rs-factor -m ease --form users sample.matrix -o users
    lists items >items.csv
    lists users >users.csv
    alike items.csv users.csv
    grep '^7,' "$SAMPLE" | sed 's/^7,/new,/' >new.csv
    rs-clean -q new.csv --columns user,item,rating,time -o new.rs
    for form in items users; do
        rs-score -m sample.matrix --model x=$form --ratings new.rs --top 5 |
            rs-view --format csv -c user,item,score | sed 's/^new,/7,/' >folded.csv
        grep -E '^(user|7),' $form.csv >stored.csv
        alike stored.csv folded.csv
    done
}

@test "a user folded in from the same ratings is answered as the stored one" {
    sample
    grep '^7,' "$SAMPLE" | sed 's/^7,/new,/' >new.csv
    rs-clean -q new.csv --columns user,item,rating,time -o new.rs
    for method in ials mf "svd --values residual" svd; do
        rs-factor -m $method sample.matrix -o model
        lists model | grep -E '^(user|7),' >stored.csv
        rs-score -m sample.matrix --model x=model --ratings new.rs --top 5 |
            rs-view --format csv -c user,item,score | sed 's/^new,/7,/' >folded.csv
        [ "$(wc -l <folded.csv)" = 6 ]
        alike stored.csv folded.csv || fail "$method"
    done
}

@test "models that rank put items that are liked first, the rest do not come out" {
    sample
    rs-clean "$SAMPLE" | rs-split --holdout 0.2 --train train.rs --test test.rs
    rs-matrix train.rs -o train.matrix
    ndcg() { rs-score -m train.matrix --model "$1" --pairs test.rs --rank | rs-eval - -m ndcg -f csv |
        awk -F, '$3 == "all" && $4 ~ /ndcg/ { print $5 }'; }
    popular=$(ndcg popular)
    for method in ease ials svd; do
        rs-factor -m $method train.matrix -o model
        found=$(ndcg x=model)
        awk -v a="$found" -v b="$popular" 'BEGIN { exit !(a > b) }' || fail "$method $found"
    done
    run -0 rs-view --header model
    refute_output --partial '"power"'
}

@test "matrix factorisation on MovieLens-100K u1: 0.9149, and its deviations are honest" {
    require_data ml-100k/u1.base
    rs-clean "$DATA" | rs-matrix -o u1.matrix
    rs-clean "${DATA%.base}.test" -o u1.test
    rs-factor --method mf u1.matrix -o model
    rs-score -m u1.matrix --model mf=model --pairs u1.test -o scores
    rmse=$(rs-eval scores -m rmse -f csv | awk -F, '$3 == "all" { print $5 }' | tail -n 1)
    awk -v r="$rmse" 'BEGIN { exit !(r > 0.90 && r < 0.918) }' || fail "RMSE $rmse"
    # Of standardised errors 68 % lie within 1, 95 % within 2.
    rs-view --format csv -c rating,score,deviation,source scores |
        awk -F, 'NR > 1 && $4 == "mf" { z = ($1 - $2) / $3; n++; one += z * z < 1; two += z * z < 4 }
            END { exit !(one / n > 0.64 && one / n < 0.74 && two / n > 0.93 && two / n < 0.98) }'
}

@test "SVD++ on MovieLens-100K u1: 0.886; a user folded in is answered much as the stored one" {
    require_data ml-100k/u1.base
    rs-clean "$DATA" | rs-matrix -o u1.matrix
    rs-clean "${DATA%.base}.test" -o u1.test
    rs-factor --method svd++ u1.matrix -o model
    rs-score -m u1.matrix --model x=model --pairs u1.test -o scores
    rmse=$(rs-eval scores -m rmse -f csv | awk -F, '$3 == "all" { print $5 }' | tail -n 1)
    awk -v r="$rmse" 'BEGIN { exit !(r > 0.87 && r < 0.892) }' || fail "RMSE $rmse"
    # As somebody new; the stored vector leaves its owner out of the regression, this does not.
    awk '$1 == 1 { print "new\t" $2 "\t" $3 "\t" $4 }' "$DATA" >new.tsv
    awk '$1 == 1 { print "new\t" $2 "\t" $3 "\t" $4 }' "${DATA%.base}.test" >asked.tsv
    rs-clean -q new.tsv --columns user,item,rating,time -o new.rs
    rs-clean -q asked.tsv --columns user,item,rating,time -o asked.rs
    rs-score -m u1.matrix --model x=model --ratings new.rs --pairs asked.rs |
        rs-view --format csv -c item,score | sort >folded
    rs-view --format csv -c user,item,score scores | sed -n 's/^1,//p' | sort >stored
    join -t, stored folded | awk -F, '{ d = $2 - $3; s += d * d; n++ }
        END { exit !(n > 100 && sqrt(s / n) < 0.1) }'
}

@test "attributes of users and items help SVD++ on MovieLens-100K u1" {
    require_data ml-100k/u1.base
    rs-clean -q "$DATA" --users "${DATA%u1.base}u.user" --user-columns id,age,sex,occupation,zip \
        --items "${DATA%u1.base}u.item" --item-columns 'id,title,-,-,-,genres{unknown|Action|'$(
        )'Adventure|Animation|Children|Comedy|Crime|Documentary|Drama|Fantasy|Noir|Horror|'$(
        )'Musical|Mystery|Romance|SciFi|Thriller|War|Western}' | rs-matrix -o u1.matrix
    rs-clean "${DATA%.base}.test" -o u1.test
    for weight in 0 0.2; do
        rs-factor --method svd++ --attributes $weight u1.matrix -o model
        rs-score -m u1.matrix --model svd++=model --pairs u1.test | rs-eval - -m rmse -f csv |
            awk -F, '$2 == "all" && $3 == "all" { print $5 }'
    done >rmses
    awk 'NR == 1 { without = $1 } END { exit !($1 < without - 0.001 && $1 < 0.887) }' rmses ||
        fail "$(xargs <rmses)"
}

@test "EASE and iALS on MovieLens-100K rank as they should" {
    require_data ml-100k/u.data
    rs-clean "$DATA" | rs-split --holdout 0.2 --seed 1 --train train.rs --test test.rs
    rs-matrix train.rs -o train.matrix
    for method in ease ials; do
        rs-factor -m $method train.matrix -o model
        ndcg=$(rs-score -m train.matrix --model x=model --pairs test.rs --rank |
            rs-eval - -m ndcg --relevant 4 -f csv | awk -F, '$3 == "all" && $4 ~ /ndcg/ { print $5 }')
        awk -v n="$ndcg" 'BEGIN { exit !(n > 0.38) }' || fail "$method: $ndcg"
    done
}

@test "EASE of more items than memory allows says so before it starts, and how many fit" {
    sample
    fails 64 rs-factor -m ease --memory 60000 sample.matrix
    assert_regex "$stderr" 'EASE of 90 items .*--memory.*--max-items [0-9]+ takes the most popular ones'
    n=$(sed 's/.*--max-items \([0-9]*\).*/\1/' <<<"$stderr")
    [ "$n" -gt 0 ]
    [ "$n" -lt 90 ]
    run -0 rs-factor -m ease --memory 60000 --max-items "$n" sample.matrix -o model
    # What is not modelled comes last, and still comes.
    run -0 bash -c 'rs-score -m sample.matrix --model x=model --top 40 | rs-view | wc -l'
    assert_output 4800
}

@test "methods say what they can't do with" {
    sample
    printf 'user,item,count\na,1,5\na,2,3\nb,1,4\nb,3,2\n' >counts.csv
    rs-clean counts.csv | rs-matrix -o counts.matrix
    for method in mf svd++ gibbs; do
        fails 65 rs-factor -m $method counts.matrix
        assert_equal "$stderr" "rs-factor: the matrix holds counts and no ratings to predict: use a method that ranks"
    done
    fails 65 rs-factor -m svd --values residual counts.matrix
    for method in ease ials svd; do rs-factor -m $method counts.matrix -o model; done
    fails 64 rs-factor -m mf --keep 5 sample.matrix
    assert_regex "$stderr" '--keep: is for --method ease'
    local foreign
    for foreign in "ease --factors 8" "ease --sweeps 3" "gibbs --lambda 1" "gibbs --preference log" "mf --preference binary" \
        "svd --sweeps 3" "svd --lambda 1"; do
        fails 64 rs-factor -m $foreign sample.matrix
        assert_regex "$stderr" "is not for --method ${foreign%% *}"
    done
    fails 65 rs-factor --describe model sample.matrix
    rs-factor -m mf sample.matrix -o model
    fails 65 rs-factor --describe model sample.matrix
    fails 65 rs-score -m counts.matrix --model model --top 3
    assert_regex "$stderr" 'other items'
}

@test "the smallest matrices and the dullest ratings give numbers" {
    for data in 'a,1,5' 'a,1,3\na,2,3\nb,1,3\nb,2,3' 'a,1,1\na,2,5\nb,1,4' \
        'a,1,-10\nb,1,10\nc,1,0.5' 'a,1,1e9\nb,2,-1e9'; do
        printf "$data\n" >tiny.csv
        rs-clean -q tiny.csv --columns user,item,rating | rs-matrix -o tiny.matrix
        for method in ease "ease --form users" "ease --form items --keep 1" "gibbs --sweeps 40" \
            ials mf svd svd++; do
            rs-factor -m $method tiny.matrix -o model
            rs-clean -q tiny.csv --columns user,item,rating -o tiny.rs
            run -0 bash -c 'rs-score -m tiny.matrix --model x=model --pairs tiny.rs | rs-view'
            refute_output --regexp '[Nn]a[Nn]|[Ii]nf'
            run -0 bash -c 'rs-score -q -m tiny.matrix --model x=model --top 2 | rs-view'
            refute_output --regexp '[Nn]a[Nn]|[Ii]nf'
        done
    done
    printf 'a,1,3\na,2,3\nb,1,3\n' >flat.csv
    rs-clean -q flat.csv --columns user,item,rating | rs-matrix -o flat.matrix
    fails 65 rs-factor -m svd --values residual flat.matrix
}

@test "a damaged model is refused" {
    sample
    for method in "ease --form items" "ease --form users" "ease --keep 3" "gibbs --sweeps 20" ials \
        mf svd svd++; do
        rs-factor -m $method sample.matrix -o model
        head -c $(($(stat -c %s model) / 2)) model >cut
        fails 65 rs-score -m sample.matrix --model x=cut --top 3
    done
}

@test "the factors of an SVD are told by title" {
    sample
    rs-factor -m svd -f 3 sample.matrix -o model
    run -0 rs-factor --describe model --shown 2 sample.matrix
    assert_equal "${#lines[@]}" 3
    assert_equal "$(jq -r '.factor, (.most | length), (.least | length)' <<<"${lines[1]}" | xargs)" "2 2 2"
    run -0 jq -s 'map(.singular) == (map(.singular) | sort | reverse) and (map(.share) | add) < 1' \
        <<<"$output"
    assert_output true
    run -0 bash -c "rs-factor --describe model --shown 1 sample.matrix | head -n 1 | jq -r '.most[0]'"
    grep -qF "$output" "$SAMPLE_ITEMS"
}

# Ratings on a scale so wide and fine that they are normal, with noise of deviation $1 and what else
# rs-synth is told; $2, a line of awk, changes rating $3 of user $1 at second $4, with z() standard normals.
plant() {
    local noise=$1 change=$2
    shift 2
    rs-synth --users 300 --items 200 --ratings 10000 --least 10 --mean 0 --scale=-20,20,0.01 \
        --noise "$noise" "$@" |
        awk -F, -v OFS=, 'function z() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307 * rand()) }
            BEGIN { srand(5) } NR > 1 { '"$change"' } { print }' >planted.csv
    rs-clean -q planted.csv ${ITEMS:+--items $ITEMS} ${USERS:+--users $USERS} |
        rs-split -q --holdout 0.25 --train train.rs --test test.rs
    rs-matrix --times train.rs -o train.matrix
}

# The latest tenth of the ratings, and who gave or got no other, are in train.matrix only.
earlier_and_all() {
    plant 0.5 "" --seed 3
    rs-split -q --after 0.1 train.rs --train earlier.rs --test late.rs
    rs-matrix --times earlier.rs -o earlier.matrix
}

# The error of model $1 for the test pairs: RMSE, or for one that ranks ($2 --rank) 1 - NDCG@10.
error_of() {
    rs-score -q -m train.matrix --model "x=$1" --pairs test.rs $2 -o scores.rs
    rs-eval -q -m "$([ -n "$2" ] && echo ndcg || echo rmse)" -f csv x=scores.rs | awk -F, -v rank="$2" '
        $2 == "all" && $3 == "all" { print rank ? 1 - $5 : $5 }'
}

@test "a fit that goes on from an earlier model is as good as one from the beginning, in a part of the sweeps" {
    earlier_and_all
    local method rank anew from short
    for method in "gibbs --sweeps 40" mf svd++ "ials --factors 16"; do
        rank=$([[ $method != ials* ]] || echo --rank)
        rs-factor -m $method earlier.matrix -o earlier
        rs-factor -m $method train.matrix -o anew
        rs-factor -m ${method%--*} --from earlier --from-matrix earlier.matrix train.matrix -o from
        rs-factor -m $method --sweeps 1 train.matrix -o short
        anew=$(error_of anew $rank) from=$(error_of from $rank) short=$(error_of short $rank)
        awk -v a="$anew" -v f="$from" -v s="$short" 'BEGIN { exit !(s > 1.02 * a && f - a < 0.4 * (s - a)) }' ||
            fail "$method: $anew anew, $from going on, $short in one sweep"
    done
}

@test "a fit goes on from an earlier model by ids: each user and item where it was, who is new as the others are" {
    plant 0.5 "" --seed 3
    # The earlier model lacks every third user and every fourth item, and its ratings are all it needs to know.
    rs-view -f csv -c user,item,rating,time train.rs | awk -F, 'NR == 1 || ($1 % 3 && $2 % 4)' >fewer.csv
    rs-view -f csv -c user,item,rating,time test.rs | awk -F, 'NR == 1 || ($1 % 3 && $2 % 4)' >test.csv
    rs-clean -q fewer.csv -o fewer.rs
    rs-clean -q test.csv -o test.rs
    rs-matrix --times fewer.rs -o fewer.matrix
    local how="--chains 16 --sweeps 2 --burn-in 0 --no-drift" from
    rs-factor -m gibbs --sweeps 40 --no-drift fewer.matrix -o earlier
    rs-factor -m gibbs $how train.matrix -o short
    rs-factor -m gibbs $how --from earlier --from-matrix fewer.matrix train.matrix -o from
    awk -v f="$(error_of from)" -v s="$(error_of short)" 'BEGIN { print f, s; exit !(f < 0.98 * s) }'
}

@test "an earlier model that can't be gone on from is refused: damaged, of other factors, of another method or matrix" {
    earlier_and_all
    for method in gibbs mf svd++ ials; do
        rs-factor -m $method --sweeps 4 --factors 15 earlier.matrix -o earlier
        from=(rs-factor -m $method --from earlier --from-matrix earlier.matrix)
        fails 65 "${from[@]}" --factors 31 train.matrix
        assert_output ""
        assert_regex "$stderr" 'earlier: has 15 factors'
        fails 65 rs-factor -m $method --from earlier --from-matrix train.matrix train.matrix
        fails 65 rs-factor -m $method --from earlier.matrix --from-matrix earlier.matrix train.matrix
        fails 64 rs-factor -m $method --from earlier train.matrix
        fails 65 rs-factor -m $([ $method = mf ] && echo ials || echo mf) "${from[@]:3}" train.matrix
        cp earlier whole
        printf '\001' | dd of=earlier bs=1 seek=$(($(stat -c %s earlier) / 2)) conv=notrunc status=none
        fails 65 "${from[@]}" train.matrix
        head -c 5000 whole >earlier
        fails 65 "${from[@]}" train.matrix
    done
    fails 64 rs-factor -m ease "${from[@]:3}" train.matrix
    [ ! -e model ]
}

# Fits, and leaves in `figures`: RMSE; the shares of ratings within the middle 50, 90 and 99 % of what was
# predicted for them; the noise of the header.
judge() {
    rs-factor -m gibbs "$@" train.matrix -o model
    rs-score -m train.matrix --model x=model --pairs test.rs | rs-view -f csv -c rating,score,deviation |
        awk -F, 'NR > 1 { e = ($1 - $2) ^ 2; z = sqrt(e) / $3; s += e; n++
            a += z < 0.6745; b += z < 1.6449; c += z < 2.5758 }
            END { printf "%f %f %f %f ", sqrt(s / n), a / n, b / n, c / n }' >figures
    rs-view --header model | head -n 1 | jq .noise >>figures
}

@test "Gibbs on planted ratings: intervals hold what they promise, the noise is found" {
    plant 0.7 "" --ratings 20000
    judge
    # 5033 pairs: the standard error of the 90 % is 0.4 %.
    awk '{ exit !($1 < 0.79 && $2 > 0.47 && $2 < 0.53 && $3 > 0.88 && $3 < 0.92 && $4 > 0.98) }' figures ||
        fail "$(<figures)"
    # Nothing planted moves within seconds, and nothing tells that from noise: without it the noise is all.
    judge --no-drift
    awk '{ exit !($5 > 0.68 && $5 < 0.72 && $3 > 0.88 && $3 < 0.92) }' figures || fail "$(<figures)"
}

@test "Gibbs finds users whose ratings are noisy, and trusts them less" {
    plant 0.3 'if ($1 % 2 == 0) $3 = sprintf("%.2f", $3 + 1.2 * z())'
    judge --equal-noise --no-drift
    equal=$(cut -d ' ' -f 1 figures)
    judge --no-drift
    awk -v equal="$equal" '{ exit !($1 < 0.97 * equal && $3 > 0.87 && $3 < 0.93) }' figures || fail "$(<figures)"
    # Noises of the two kinds of users: 1.24 and 0.3, drawn towards each other by what they have in common.
    rs-score -m train.matrix --model x=model --pairs test.rs | rs-view -f csv -c user,deviation |
        awk -F, 'NR > 1 { s[$1 % 2] += $2; n[$1 % 2]++ } END { exit !(s[0] / n[0] > 1.4 * s[1] / n[1]) }'
}

@test "Gibbs finds moods of an evening, where the questions have a time" {
    plant 0.3 'k = $1 "," int($4 / 600); if (!(k in mood)) mood[k] = 0.8 * z(); $3 = sprintf("%.2f", $3 + mood[k])'
    judge --no-drift
    without=$(cut -d ' ' -f 1 figures)
    judge
    awk -v without="$without" '{ exit !($1 < 0.8 * without && $3 > 0.88) }' figures || fail "$(<figures) $without"
    rs-view --header model | head -n 1 | jq -e '.drift | test("training")'
    rs-matrix train.rs -o untimed.matrix
    rs-factor -m gibbs --sweeps 20 untimed.matrix -o untimed
    rs-view --header untimed | head -n 1 | jq -e '.drift == null'
}

@test "Gibbs takes sets from training ratings alone, says so, and attributes from side tables" {
    rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" --users "$SAMPLE_USERS" -o all.rs
    rs-split -q --holdout 0.3 --train train.rs --test test.rs all.rs
    rs-matrix train.rs -o train.matrix
    rs-factor -m gibbs --sweeps 20 train.matrix -o model
    run -0 bash -c 'rs-view --header model | head -n 1 | jq -c "[.sets, .user_attributes, .item_attributes]"'
    assert_output '["training ratings only",["age","sex","occupation"],["genres"]]'
    rs-factor -m gibbs --sweeps 20 --no-sets --no-attributes train.matrix -o plain
    run -0 bash -c 'rs-view --header plain | head -n 1 | jq -c "[.sets, .user_attributes, .item_attributes]"'
    assert_output '[null,[],[]]'
    # What is asked changes nothing of the answers: one pair alone, or with all others.
    rs-score -m train.matrix --model x=model --pairs test.rs | rs-view -f csv -c user,item,score >all.csv
    rs-view -f csv -c user,item,rating,time test.rs | sed -n '1p;9p' >one.csv
    rs-clean -q one.csv -o one.rs
    run -0 bash -c 'rs-score -m train.matrix --model x=model --pairs one.rs | rs-view -f csv -c user,item,score | tail -n 1'
    assert_equal "$output" "$(sed -n 9p all.csv)"
}

@test "Gibbs answers a user folded in much as the stored one, with times as without" {
    parted_sample
    rs-clean "$SAMPLE" --users "$SAMPLE_USERS" | rs-split -q --holdout 0.25 --train train.rs --test test.rs
    rs-matrix --times train.rs -o train.matrix
    rs-view -f csv -c user,item,rating,time train.rs | sed -n '1p;s/^7,/new,/p' >new.csv
    rs-view -f csv -c user,item,rating,time test.rs | sed -n '1p;s/^7,/new,/p' >asked.csv
    rs-clean -q new.csv -o new.rs
    rs-clean -q asked.csv -o asked.rs
    for how in "" --no-drift; do
        rs-factor -m gibbs $how train.matrix -o model
        rs-score -m train.matrix --model x=model --ratings new.rs --pairs asked.rs |
            rs-view -f csv -c item,score | sort >folded
        rs-score -m train.matrix --model x=model --pairs test.rs | rs-view -f csv -c user,item,score |
            sed -n 's/^7,//p' | sort >stored
        join -t, stored folded | awk -F, '{ d = $2 - $3; s += d * d; n++ }
            END { exit !(n > 2 && sqrt(s / n) < 0.15) }' || fail "$how: $(join -t, stored folded | xargs)"
    done
}

@test "who or what is unknown to a model that predicts gets a number or an honest nothing" {
    parted_sample
    printf 'user,item,rating\n7,nothing,3\nnobody,101,3\nnobody,nothing,3\n7,101,3\n' >asked.csv
    rs-clean -q asked.csv -o asked.rs
    for method in "gibbs --sweeps 20" mf svd++ "svd --values residual"; do
        rs-factor -m $method train.matrix -o model
        run -0 bash -c 'rs-score -m train.matrix --model x=model --pairs asked.rs | rs-view -f csv -c score'
        assert_equal "${#lines[@]}" 5
        refute_output --regexp '[Nn]a[Nn]|[Ii]nf'
        awk 'NR > 1 && !($1 >= 0.5 && $1 <= 5) { exit 1 }' <<<"$output" || fail "$method: $output"
    done
}

@test "a person can read what tells tastes apart on MovieLens-100K: crowd pleasers from the art house" {
    require_data ml-100k/u.data
    rs-clean -q "$DATA" --items "${DATA%u.data}u.item" --item-columns 'id,title' | rs-matrix -o m
    rs-factor -m svd --values residual -f 2 m -o model
    run -0 rs-factor --describe model m
    jq -e '(.most | index("Independence Day (ID4) (1996)")) and (.least | index("Pulp Fiction (1994)"))
        and .share > 0.02 and .share < 0.03' <<<"${lines[0]}"
}
