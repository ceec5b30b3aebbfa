# What is installed beside the programs: manual pages, completions; tarball, doctor.

setup() {
    load helper
    _common_setup
    BIN=${RS_BIN:-$ROOT/build/bin}
    export MAKEFLAGS=
}

@test "install puts programs, pages and completions under PREFIX, and uninstall takes them away" {
    make -s -C "$ROOT" install DESTDIR="$PWD/root" PREFIX=/opt/rs
    for file in bin/rs-sim share/man/man1/rs-sim.1 share/man/man5/rs-format.5 share/man/man7/rs.7 \
        share/bash-completion/completions/rs-sim share/zsh/site-functions/_rs-sim; do
        [ -s "root/opt/rs/$file" ] || fail "$file is not there"
    done
    make -s -C "$ROOT" uninstall DESTDIR="$PWD/root" PREFIX=/opt/rs
    assert_equal "$(find root -type f)" ""
}

@test "the pages of all sections pass mandoc, and the overview names every program" {
    command -v mandoc >/dev/null || skip "no mandoc"
    make -s -C "$ROOT" man
    for page in "$ROOT"/build/man/man*/*.[5-8]; do
        run -0 mandoc -T lint -W warning "$page"
        assert_output ""
    done
    for path in "$BIN"/rs-*; do
        grep -qF ".It Xr ${path##*/} 1" "$ROOT/build/man/man7/rs.7" || fail "${path##*/} is not in rs.7"
    done
}

# What bash offers for a command line, whose last word is being typed.
complete_words() {
    bash -c '
        source <("$1" --completion bash)
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        "_${1//-/_}"
        echo "${COMPREPLY[*]}"' bash "$@"
}

@test "bash completes options, and the words that an option takes" {
    assert_equal "$(complete_words rs-sim --me)" "--metric --memory"
    assert_equal "$(complete_words rs-sim --metric p)" "pearson pearson-baseline"
    assert_equal "$(complete_words rs-sim -s '')" "user item"
    assert_equal "$(complete_words rs-sim --metric = j)" "jaccard"
    assert_equal "$(complete_words rs-sim --metric =)" "cosine adjusted-cosine pearson pearson-baseline msd jaccard"
    assert_equal "$(complete_words rs-sim mat)" "" # readline goes on with files
}

@test "every program's completions are fit for bash and zsh, and name every option" {
    for path in "$BIN"/rs-*; do
        "$path" --completion bash >of.bash && bash -n of.bash || fail "${path##*/} for bash"
        "$path" --completion zsh >of.zsh
        if command -v zsh >/dev/null; then
            zsh -fc '_arguments() { print -rl -- "$@" }; source ./of.zsh' >said || fail "${path##*/} for zsh"
            ! grep -vE '^(-s|-S|(\([^)]*\)|\*)?-[^[]*\[.*\](:[^:]*:.*)?|\*:.*)$' said || fail "${path##*/} for zsh"
        fi
        "$path" --help | sed -nE 's/^  (-., |    )--([a-z-]*).*/\2/p' | while read -r option; do
            grep -qw -- "--$option" of.bash && grep -q -- "--$option" of.zsh || { echo "${path##*/}: --$option"; return 1; }
        done
    done
    fails 64 rs-sim --completion fish
}

@test "the tarball is the same bytes twice, and builds what says the same version" {
    git -C "$ROOT" rev-parse -q --verify HEAD >/dev/null || skip "no git checkout"
    cd "$ROOT"
    pipelines/package/dist "$BATS_TEST_TMPDIR/one" 1.2.3
    sleep 1
    umask 077
    TZ=Asia/Tokyo pipelines/package/dist "$BATS_TEST_TMPDIR/two" 1.2.3
    cd "$BATS_TEST_TMPDIR"
    cmp one/rs-1.2.3.tar.gz two/rs-1.2.3.tar.gz
    tar -xf one/rs-1.2.3.tar.gz
    assert_equal "$(ls)" $'one\nrs-1.2.3\ntwo'
    make -s -C rs-1.2.3 build/release/version.h
    assert_equal "$(cat rs-1.2.3/build/release/version.h)" '#define RS_VERSION "1.2.3"'
    cd rs-1.2.3
    run -66 pipelines/package/dist two 1
}

@test "doctor names what is missing, and is content where nothing is needed" {
    run -0 "$ROOT/pipelines/doctor" '!build|bash' 'test|no-such-package'
    assert_output --regexp 'test +lacks: no-such-package'
    assert_output --regexp 'processors +[0-9]+'
    run -69 "$ROOT/pipelines/doctor" '!build|no-such-package'
    assert_output --regexp 'build +lacks: no-such-package'
}
