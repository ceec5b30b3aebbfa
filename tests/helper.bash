# What every suite loads: `load helper` in setup().
#
# Each test runs in an empty folder of its own with the programs on PATH and $SAMPLE naming the built-in
# sample's ratings (CSV), $SAMPLE_ITEMS its titles and genres, $SAMPLE_USERS its users.

bats_require_minimum_version 1.5.0

_common_setup() {
    bats_load_library bats-support
    bats_load_library bats-assert
    ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
    PATH="${RS_BIN:-$ROOT/build/bin}:$PATH"
    SAMPLE=$ROOT/data/sample/ratings.csv
    SAMPLE_ITEMS=$ROOT/data/sample/items.csv
    SAMPLE_USERS=$ROOT/data/sample/users.csv
    FIXTURES=$ROOT/tests/fixtures
    export LC_ALL=C OPENBLAS_NUM_THREADS=1
    cd "$BATS_TEST_TMPDIR" || return 1
}

# Sets PYTHON to one that has the modules named, or to nothing: Debian's, whatever other comes first on PATH.
find_python() {
    local modules="$*"
    for PYTHON in python3 /usr/bin/python3; do
        "$PYTHON" -c "import ${modules// /, }" 2>/dev/null && return
    done
    PYTHON=
}

# Real data that is not in the repository: skips the test, loudly, where it is not there.
# Usage: require_data ml-100k/u1.base   -> sets $DATA to the file
require_data() {
    local folder
    IFS=: read -ra folders <<<"${RS_DATA:-$ROOT/data/cache}"
    for folder in "${folders[@]}"; do
        if [ -e "$folder/$1" ]; then DATA=$folder/$1; return 0; fi
        if [ -e "$ROOT/$folder/$1" ]; then DATA=$ROOT/$folder/$1; return 0; fi
    done
    skip "no $1 in RS_DATA=${RS_DATA:-data/cache}"
}

# One diagnostic line of PROGRAM with CODE: `fails 65 rs-view bad.rs` checks the code, that stdout
# stays empty and that stderr is one line that begins with the program's name.
fails() {
    local code=$1
    shift
    run "-$code" --separate-stderr "$@"
    assert_equal "$output" ""
    assert_equal "${#stderr_lines[@]}" 1
    [[ $stderr == "$1: "* ]] || fail "stderr is '$stderr'"
}
