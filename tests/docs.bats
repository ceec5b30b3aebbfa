# Every example that a program's --help prints is run as it stands, in an empty folder with the built-in
# sample, and prints what it says to the letter.

setup() {
    load helper
    _common_setup
    BIN=${RS_BIN:-$ROOT/build/bin}
}

# Cuts the examples of --help into N.says, N.command and N.output. An example is a line "  # what it is
# for", a line "  $ command", which may go on behind a backslash, and its output, indented alike; an
# empty line ends the last.
cut_examples() {
    awk '
        function starts(i) { return line[i] ~ /^  # / && line[i + 1] ~ /^  \$ / }
        /^Examples:$/ { on = 1; next }
        on && /^$/ { on = 0 }
        on { line[++n_lines] = $0 }
        END {
            for (i = 1; i <= n_lines; i++) {
                if (starts(i)) {
                    n++
                    print substr(line[i], 5) > (n ".says")
                    print substr(line[++i], 5) > (n ".command")
                    while (line[i] ~ /\\$/) print substr(line[++i], 3) > (n ".command")
                    printf "" > (n ".output")
                } else {
                    print substr(line[i], 3) > (n ".output")
                }
            }
            print n + 0
        }'
}

# Runs the examples of one program, in order, in one folder.
run_examples() {
    local program=$1 n
    mkdir "$BATS_TEST_TMPDIR/$program.cut" "$BATS_TEST_TMPDIR/$program.run"
    cd "$BATS_TEST_TMPDIR/$program.cut"
    n=$("$BIN/$program" --help | cut_examples)
    [ "$n" -gt 0 ] || { echo "$program --help shows no example"; return 1; }
    cd "$BATS_TEST_TMPDIR/$program.run"
    cp "$ROOT"/data/sample/*.csv .
    for ((i = 1; i <= n; i++)); do
        [ -s "../$program.cut/$i.says" ]
        bash -c "$(cat "../$program.cut/$i.command")" >../printed 2>&1 </dev/null ||
            { echo "$program: $(cat "../$program.cut/$i.command"): code $?"; cat ../printed; return 1; }
        diff "../$program.cut/$i.output" ../printed ||
            { echo "$program: $(cat "../$program.cut/$i.command")"; return 1; }
    done
}

@test "every example of every program prints what it says" {
    failed=
    for path in "$BIN"/rs-*; do
        program=${path##*/}
        (run_examples "$program") || failed+=" $program"
    done
    [ -z "$failed" ] || fail "examples of$failed"
}

@test "the cutter takes examples apart" {
    cut_examples >n <<'END'
Examples:
  # one
  $ true
  # two
  $ cat \
      file
  # a comment
  
  last

Exit codes: 0
END
    assert_equal "$(cat n)" 2
    assert_equal "$(cat 1.says 1.command 1.output)" $'one\ntrue'
    assert_equal "$(cat 2.says 2.command 2.output)" $'two\ncat \\\n    file\n# a comment\n\nlast'
}

@test "common: a room includes only from rooms that come before it" {
    local order=(base program linear measures format text ratings model neighbours factors context hybrid)
    local known=' ' room
    for room in "${order[@]}"; do
        known+="$room "
        run grep -hoE '#include "[a-z]+/' "$BATS_TEST_DIRNAME/../common/$room" -r
        local other
        for other in $(sed 's/.*"//; s,/,,' <<<"$output" | sort -u); do
            [[ $known == *" $other "* ]] || fail "common/$room includes from $other"
        done
    done
    assert_equal "$(ls "$BATS_TEST_DIRNAME/../common" | wc -l)" "${#order[@]}"
}

# Fails where one of the objects given takes a function or a variable from another that takes one from it,
# be it through others.
assert_one_way() {
    nm -gA "$@" >"$BATS_TEST_TMPDIR/symbols"
    awk '
        { object = $1; sub(/:.*/, "", object) }
        $(NF - 1) == "U" { taken[++n] = object " " $NF }
        $(NF - 1) ~ /^[A-TVWi]$/ { home[$NF] = object }
        END {
            for (i = 1; i <= n; i++) {
                split(taken[i], t, " ")
                if (t[2] in home && home[t[2]] != t[1]) print t[1], home[t[2]]
            }
        }' "$BATS_TEST_TMPDIR/symbols" >"$BATS_TEST_TMPDIR/calls"
    run tsort "$BATS_TEST_TMPDIR/calls"
    [ "$status" -eq 0 ] || fail "$output"
}

@test "files call each other one way: none in common/ or in a program is called by what it calls" {
    local objects=${BIN%/bin} program
    [ "$objects" != "$ROOT/build" ] || objects=$ROOT/build/release
    [ -d "$objects/common" ] || skip "no objects in $objects"
    cd "$ROOT"
    of() { printf "$objects/%s\n" "${@/%.c/.o}"; }
    assert_one_way $(of common/*/*.c)
    for program in tools/*/; do
        assert_one_way $(of "$program"*.c)
    done
}
