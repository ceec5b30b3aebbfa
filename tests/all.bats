# What every program does alike, found by looking at what was built: a program without a line in the
# table below fails.

# A command line a program, small and with its data on standard output; '@' marks the rs file that it
# reads, of those that setup_file makes. A program that reads none has no '@'.
table() {
    cat <<'END'
rs-blend   rs-blend @scores.rs
rs-clean   rs-clean ratings.csv
rs-context rs-context @timed.rs
rs-eval    rs-eval @scores.rs
rs-factor  rs-factor @matrix.rs
rs-matrix  rs-matrix @ratings.rs
rs-model   rs-model model
rs-score   rs-score -m @matrix.rs --model baseline --top 2
rs-serve   rs-serve --openapi
rs-sim     rs-sim @matrix.rs
rs-split   rs-split --folds 5 --fold 1 @ratings.rs
rs-stat    rs-stat @ratings.rs
rs-synth   rs-synth --users 30 --items 20 --ratings 200 --least 3
rs-view    rs-view @ratings.rs
END
}

setup_file() {
    load helper
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    _common_setup
    cp "$ROOT"/data/sample/*.csv .
    rs-clean ratings.csv -o ratings.rs
    rs-matrix ratings.rs -o matrix.rs
    rs-score -m matrix.rs --model baseline --pairs ratings.rs -o scores.rs
    rs-matrix --times ratings.rs -o timed.rs
    rs-model -m matrix.rs -o model
}

setup() {
    load helper
    _common_setup
    cp "$BATS_FILE_TMPDIR"/*.rs "$BATS_FILE_TMPDIR"/*.csv .
    cp -r "$BATS_FILE_TMPDIR"/model .
    BIN=${RS_BIN:-$ROOT/build/bin}
}

# Calls CHECK PROGRAM COMMAND for every program built and says whose failed.
each() {
    local check=$1 failed= path program line
    for path in "$BIN"/rs-*; do
        program=${path##*/}
        line=$(table | sed -n "s/^$program  *//p")
        ("$check" "$program" "$line") || failed+=" $program"
    done
    [ -z "$failed" ] || fail "$check:$failed"
}

# Exactly one line that begins with the program's name is in the file `said`.
said_once() {
    [ "$(wc -l <said)" = 1 ] && [ "$(head -c $((${#1} + 2)) said)" = "$1: " ] ||
        { echo "$1 says '$(cat said)'"; return 1; }
}

# Runs the shell line $3 of PROGRAM $1, which must end with CODE $2 and one line.
ends_with() {
    local code=0
    bash -c "$3" >out 2>said </dev/null || code=$?
    [ "$code" = "$2" ] || { echo "$3: code $code: $(cat said)"; return 1; }
    said_once "$1"
}

@test "every program has a line in the table, which works" {
    works() {
        [ -n "$2" ] || { echo "$1 is not in the table"; return 1; }
        bash -c "${2//@/}" >out 2>said </dev/null || { echo "$2: code $?: $(cat said)"; return 1; }
        [ -s out ] && [ ! -s said ] || { echo "$2 says '$(cat said)'"; return 1; }
    }
    each works
    [ "$(ls "$BIN" | grep -c '^rs-')" -gt 0 ]
}

@test "--help is on standard output, at most 100 columns wide, and names every part" {
    helps() {
        "$1" --help >out 2>said && [ ! -s said ] || return 1
        [ "$(awk '{ if (length > w) w = length } END { print w + 0 }' <(iconv -c -t ASCII//TRANSLIT out))" \
            -le 100 ] || { echo "$1 --help is too wide"; return 1; }
        for part in "Usage: $1 " "$1: " "Memory: " "Options:" "Examples:" "Exit codes"; do
            grep -q "^$part" out || { echo "$1 --help has no '$part'"; return 1; }
        done
        "$1" -h | cmp - out
    }
    each helps
}

@test "--version is one line" {
    says_version() {
        "$1" --version >out 2>said && [ ! -s said ] && [ "$(wc -l <out)" = 1 ] || return 1
        grep -q "^$1 (rs) [0-9a-z]" out && "$1" -V | cmp - out
    }
    each says_version
}

@test "only programs that solve need a library that does" {
    for program in "$BIN"/rs-*; do
        ldd "$program" | grep -q lapack && basename "$program" || true
    done >solving
    assert_equal "$(cat solving)" $'rs-context\nrs-factor\nrs-synth'
}

@test "threads that wait for others sleep, unless told otherwise" {
    strings -a "$BIN/rs-sim" 2>/dev/null | grep -q GOMP_SPINCOUNT || skip "another OpenMP than GCC's"
    sleeps() {
        OMP_DISPLAY_ENV=verbose "$1" --version 2>&1 >out | grep -q "GOMP_SPINCOUNT = '0'" &&
            OMP_WAIT_POLICY=active OMP_DISPLAY_ENV=verbose "$1" --version 2>&1 >out | grep -q "POLICY = 'ACTIVE'"
    }
    each sleeps
}

@test "the manual page passes mandoc and has every option of --help" {
    command -v mandoc >/dev/null || skip "no mandoc"
    is_a_page() {
        "$1" --man >page.1 2>said && [ ! -s said ] && mandoc -T lint -W error page.1 || return 1
        mandoc -T ascii page.1 | sed 's/.\x08//g' >text # without its overstrikes
        "$1" --help | sed -n 's/^  .*--\([a-z-]*\).*/\1/p' | while read -r option; do
            grep -q -- "--$option" text || { echo "$1: --$option is not in the page"; return 1; }
        done
    }
    each is_a_page
}

@test "an unknown option is 64 and one line" {
    refuses_option() {
        ends_with "$1" 64 "$1 --no-such-option" && grep -q -- --no-such-option said && [ ! -s out ] &&
            ends_with "$1" 64 "$1 -0" && [ ! -s out ]
    }
    each refuses_option
}

@test "a missing input is 66 and one line" {
    misses() {
        [[ $2 == *@* ]] || return 0
        ends_with "$1" 66 "$(sed 's/@[a-z.]*/nowhere.rs/' <<<"$2")" && grep -q nowhere.rs said && [ ! -s out ]
    }
    each misses
}

@test "a folder, an empty file, text and another kind are no input" {
    refuses_input() {
        [[ $2 == *@* ]] || return 0
        mkdir -p folder
        : >empty.rs
        rs-view --from csv -q <(printf 'user,item,score\n1,1,1\n') -o other.rs
        [[ $2 != *@scores.rs* ]] || cp matrix.rs other.rs
        ends_with "$1" 66 "$(sed 's/@[a-z.]*/folder/' <<<"$2")" || return 1
        ends_with "$1" 65 "$(sed 's/@[a-z.]*/empty.rs/' <<<"$2")" || return 1
        [ "$1" = rs-view ] || ends_with "$1" 65 "$(sed 's/@[a-z.]*/other.rs/' <<<"$2")" || return 1
    }
    each refuses_input
}

@test "a cut input is 65 and one line, and leaves the output as it was" {
    refuses_cut() {
        [[ $2 == *@* ]] || return 0
        local file=${2#*@}
        file=${file%% *}
        for share in 1 50 99; do
            head -c $(($(stat -c %s "$file") * share / 100)) "$file" >cut.rs
            echo old >kept
            ends_with "$1" 65 "$(sed 's/@[a-z.]*/cut.rs/' <<<"$2") -o kept" || return 1
            [ "$(cat kept)" = old ] || { echo "$1 touched its output"; return 1; }
            [ -z "$(ls kept.tmp* 2>/dev/null)" ] || { echo "$1 left a temporary"; return 1; }
            [ "$1" = rs-blend ] || # reads its files more than once, and says so of a pipe
                ends_with "$1" 65 "cat cut.rs | $(sed 's/@[a-z.]*/-/' <<<"$2") >/dev/null" || return 1
        done
    }
    each refuses_cut
}

@test "a full disk is 74 and one line" {
    meets_full_disk() {
        ends_with "$1" 74 "${2//@/} >/dev/full" && ends_with "$1" 74 "${2//@/} -o /dev/full" || return 1
        ends_with "$1" 74 "$1 --help >/dev/full" && grep -q "write failed: No space left on device" said
    }
    each meets_full_disk
}

@test "an output that can't be made is 73 and one line" {
    meets_no_folder() {
        ends_with "$1" 73 "${2//@/} -o nowhere/out" && [ ! -s out ]
    }
    each meets_no_folder
}

@test "a reader that leaves ends a program quietly" {
    is_left() {
        local codes
        codes=$(bash -c "${2//@/} 2>said | head -c 1 >/dev/null; echo \${PIPESTATUS[0]}")
        [ ! -s said ] && { [ "$codes" = 0 ] || [ "$codes" = 141 ]; } ||
            { echo "$1: code $codes: $(cat said)"; return 1; }
        bash -c "${2//@/} 2>said | true" && [ ! -s said ] || { echo "$1 says '$(cat said)'"; return 1; }
    }
    each is_left
}

@test "-o gives the bytes of standard output, through whichever end they came" {
    agrees() {
        bash -c "${2//@/}" >first || return 1
        bash -c "${2//@/} -o second" >nothing && [ ! -s nothing ] || return 1
        cmp first second || return 1
        [[ $2 == *@* ]] && [ "$1" != rs-blend ] || return 0 # which goes through its files repeatedly
        local file=${2#*@}
        file=${file%% *}
        bash -c "cat $file | $(sed 's/@[a-z.]*/-/' <<<"$2")" | cmp first -
    }
    each agrees
}

@test "inputs stay as they are" {
    sha256sum ./*.rs ./*.csv >sums
    leaves() { bash -c "${2//@/}" >out 2>&1; }
    each leaves
    sha256sum --quiet -c sums
}
