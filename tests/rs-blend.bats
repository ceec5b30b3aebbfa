# rs-blend: hybrids, learned and given.

setup() {
    load helper
    _common_setup
}

# A split of the sample, its matrix, two neighbour models, and their scores on the held-out pairs.
prepare() {
    rs-clean "$SAMPLE" | rs-split --folds 4 --fold 1 --train train.rs --test test.rs
    rs-matrix train.rs -o m
    rs-sim m --side user -o user.graph
    rs-sim m --side item -o item.graph
    for model in baseline user=user.graph item=item.graph; do
        rs-score -m m --model $model --pairs test.rs -o "${model%%=*}.predict"
        rs-score -m m --model $model --pairs test.rs --rank --draw 100 -o "${model%%=*}.drawn"
    done
}

models="--model baseline --model user=user.graph --model item=item.graph"

rmse() { rs-eval --metrics rmse --format csv "$@" | awk -F, '$2 == "all" && $3 == "all" { print $5 }'; }

@test "fixed weights are a weighted mean" {
    prepare
    rs-blend --method fixed --weights user=1,item=3 -o blend
    rs-score -m m $models --blend blend --pairs test.rs | rs-view -f csv -c score >mixed
    paste -d, <(rs-view -f csv -c score user.predict) <(rs-view -f csv -c score item.predict) mixed |
        awk -F, 'NR > 1 { d = $1 * 0.25 + $2 * 0.75 - $3; if (d < 0) d = -d; if (d > 1e-5) bad++; n++ } END { exit !(n > 500 && !bad) }'
}

@test "a stack is at least as good as each parent where it learned" {
    prepare
    rs-blend baseline.predict user.predict item.predict -o blend
    rs-score -m m $models --blend blend --name hybrid --pairs test.rs -o hybrid.predict
    hybrid=$(rmse hybrid.predict)
    for parent in baseline user item; do
        awk -v a="$hybrid" -v b="$(rmse $parent.predict)" 'BEGIN { exit !(a <= b) }'
    done
}

@test "both tasks in one file; the header says what was chosen" {
    prepare
    rs-blend *.predict *.drawn -o blend
    run -0 bash -c 'rs-view --header blend | jq -r "select(.rs) | .task"'
    assert_output "predict
rank"
    rs-score -m m $models --blend blend --pairs test.rs --rank -o ranked
    rs-view --check blend
    run -0 bash -c 'rs-view --header blend | jq -e -s "map(select(.rs)) | all(.chosen)"'
}

@test "switching takes the best parent of each class" {
    prepare
    rs-blend --method switch baseline.predict user.predict item.predict -o blend
    rs-score -m m $models --blend blend --pairs test.rs -o switched
    for parent in baseline user item; do
        awk -v a="$(rmse switched)" -v b="$(rmse $parent.predict)" 'BEGIN { exit !(a <= b) }'
    done
}

@test "a model that knows the truth gets all the weight" {
    prepare
    rs-view -f csv -c user,item,rating,rating test.rs | sed 1s/.*/user,item,score,rating/ >truth.csv
    rs-view --from csv --name truth truth.csv -o truth.predict
    rs-blend baseline.predict user.predict truth.predict -o blend
    run -0 bash -c 'rs-view --header blend | jq -s "map(select(.rs))[0].rmse_left_out < 0.05"'
    assert_output true
}

@test "for ranking the best model stays alone unless others gain more than chance would" {
    prepare
    rs-blend baseline.drawn item.drawn user.drawn -o blend
    run -0 bash -c 'rs-view --header blend | jq -c "select(.rs)"'
    jq -e '(.gain > .gain_error) == (.chosen == "stack")' <<<"$output"
    jq -e '[.ndcg_of_parents[]] | max < 1' <<<"$output"
    # The best twice over cannot gain.
    rs-score -m m --model twin=user.graph --pairs test.rs --rank --draw 100 -o twin.drawn
    rs-blend user.drawn twin.drawn -o blend
    run -0 bash -c 'rs-view --header blend | jq -r "select(.rs) | [.gain, .chosen] | @tsv"'
    assert_output --regexp '^0.(user|twin)$'
}

@test "models must answer the same pairs" {
    prepare
    rs-clean "$SAMPLE" | rs-split --folds 4 --fold 2 --test other.rs
    rs-score -m m --model user=user.graph --pairs other.rs -o other.predict
    fails 65 rs-blend baseline.predict item.predict other.predict -o blend
    [ ! -e blend ]
}

@test "wrong usage is said in one line" {
    fails 64 rs-blend
    fails 64 rs-blend --method fixed
    fails 64 rs-blend --method fixed --weights user
    fails 64 rs-blend --method fixed --weights user=-1
    fails 64 rs-blend --method fixed --weights user=0
    fails 66 rs-blend nothing
    prepare
    fails 64 rs-blend user.predict item.predict -o blend # without the baseline
    rs-blend --method fixed --weights user=1,item=1 -o blend
    fails 64 rs-score -m m --model user=user.graph --blend blend --top 3
    assert_equal "$stderr" "rs-score: blend: blends a model 'item' that is not given (--model item=FILE)"
}
