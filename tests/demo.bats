# make demo, make simulate: a server of the last model, and users who play with it.

setup_file() {
    load helper
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    _common_setup
    rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" | rs-matrix --times -o matrix.rs
    rs-sim matrix.rs --side item --metric cosine --over full -k 30 -o item.graph
    mkdir out
    rs-model -m matrix.rs --predict item=item.graph --rank item=item.graph --neighbours item.graph -o out/folder \
        --publish out/model
    ${CC:-cc} -O1 -g -fsanitize=address,undefined -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -o simulate \
        "$ROOT/pipelines/serve/simulate.c" $(pkg-config --cflags --libs jansson) -lpthread -lm
}

setup() {
    load helper
    _common_setup
    cp -r "$BATS_FILE_TMPDIR/out" .
    ln -sfn folder out/model
}

@test "the demo prints five lines that work as they are pasted, and stops when it is told to" {
    "$ROOT/pipelines/serve/demo" out 0 3>&- >said &
    local demo=$! i line
    for i in $(seq 200); do
        ! grep -q "Ctrl-C" said || break
        sleep 0.05
    done
    assert_equal "$(grep -c '^  curl ' said)" 5
    grep '^  curl ' said | while read -r line; do
        bash -c "${line/curl /curl -sf }" >answer
        jq -e . answer >/dev/null
        cat answer
    done >answers
    grep -q '"RowAffected":1' answers
    curl -sf "$(grep -o 'http://127.0.0.1:[0-9]*/$' said)" | grep -q page.js
    kill -TERM $demo
    wait $demo
    [ -s "$(ls out/journal/* | head -n 1)" ]
    rs-clean "$SAMPLE" out/journal/* -o merged.rs
}

@test "simulated users: bounded, nothing fails, what was rated leaves the very next list" {
    run "$ROOT/pipelines/serve/simulate" out "$BATS_FILE_TMPDIR/simulate" --sessions 60 --seconds 20 --connections 4
    assert_success
    assert_line --regexp '^60 sessions over 4 connections in .* 0 failed$'
    assert_line --regexp '^ +100\.0 % without the item just rated$'
    assert_line --regexp '^cache: [0-9.]+ % found'
    assert_line --regexp '^feedback +[1-9]'
}

@test "the same seed makes the same sessions, a rate bounds them" {
    local counts
    for i in 1 2; do # one by one, since lists of new visitors are what is popular at that moment
        counts[i]=$("$ROOT/pipelines/serve/simulate" out "$BATS_FILE_TMPDIR/simulate" --sessions 30 --connections 1 |
            awk '/^(list|item|neighbours|feedback|  ) / { print $1, $2, $3 ~ /^[0-9]+$/ ? $3 : "" } / % / { print }' |
            grep -E "^(feedback|item|neighbours)| % (changed|give)")
    done
    assert_equal "$(cut -d' ' -f1,2 <<<"${counts[1]}")" "$(cut -d' ' -f1,2 <<<"${counts[2]}")"
    run "$ROOT/pipelines/serve/simulate" out "$BATS_FILE_TMPDIR/simulate" --sessions 100000 --seconds 1 --rate 50
    assert_success
    [ ! -e out/journal ]
}

@test "without a model the simulation says what to do, and its options are held to" {
    run -66 "$ROOT/pipelines/serve/simulate" nowhere "$BATS_FILE_TMPDIR/simulate"
    assert_output --partial "make model"
    run -64 "$BATS_FILE_TMPDIR/simulate"
    run -64 "$BATS_FILE_TMPDIR/simulate" --port 1 --connections 0
    run -64 "$BATS_FILE_TMPDIR/simulate" --port 1 --only nothing
    run -69 "$BATS_FILE_TMPDIR/simulate" --port 1
}
