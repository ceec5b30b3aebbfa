# rs-factor: every method against its formula, and against what can go wrong.

setup() {
    load helper
    _common_setup
    for PYTHON in python3 /usr/bin/python3; do
        "$PYTHON" -c 'import msgpack, scipy' 2>/dev/null && break
        PYTHON=
    done
}

sample() { rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" | rs-matrix -o sample.matrix; }

# Fits, and checks that no number is further than 1e-5 from what numpy finds by the formula.
agrees() {
    rs-factor "$@" sample.matrix -o model
    off=$("$PYTHON" "$ROOT/tests/fixtures/rs-factor-oracle.py" "$SAMPLE" model)
    awk -v off="$off" 'BEGIN { exit !(off < 1e-5) }' || fail "$*: off by $off"
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

@test "the bytes do not depend on the number of threads" {
    sample
    for method in ease ials mf svd svd++; do
        rs-factor -m "$method" -t 1 sample.matrix -o one
        rs-factor -m "$method" -t 3 sample.matrix -o three
        cmp one three
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
    [ "$n" -gt 0 ] && [ "$n" -lt 90 ]
    run -0 rs-factor -m ease --memory 60000 --max-items "$n" sample.matrix -o model
    # What is not modelled comes last, and still comes.
    run -0 bash -c 'rs-score -m sample.matrix --model x=model --top 40 | rs-view | wc -l'
    assert_output 4800
}

@test "methods say what they can't do with" {
    sample
    printf 'user,item,count\na,1,5\na,2,3\nb,1,4\nb,3,2\n' >counts.csv
    rs-clean counts.csv | rs-matrix -o counts.matrix
    fails 65 rs-factor -m mf counts.matrix
    assert_regex "$stderr" 'counts and no ratings'
    fails 65 rs-factor -m svd --values residual counts.matrix
    for method in ease ials svd; do rs-factor -m $method counts.matrix -o model; done
    fails 64 rs-factor -m mf --keep 5 sample.matrix
    assert_regex "$stderr" '--keep: is for --method ease'
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
        for method in ease "ease --form users" "ease --form items --keep 1" ials mf svd \
            svd++; do
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
    for method in "ease --form items" "ease --form users" "ease --keep 3" ials mf svd svd++; do
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
