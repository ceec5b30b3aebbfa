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
        share/man/man8/rs-serve.8 share/man/man8/rs-nightly.8 lib/systemd/system/rs-serve.service \
        share/bash-completion/completions/rs-{sim,nightly} share/zsh/site-functions/_rs-{sim,nightly}; do
        [ -s "root/opt/rs/$file" ] || fail "$file is not there"
    done
    ! grep -r /usr/local root/opt/rs/lib || fail "a unit has another prefix"
    # The nightly run finds its house behind the link, and the programs beside it.
    run -0 env PATH=/usr/bin:/bin root/opt/rs/bin/rs-nightly --home=home --ratings="$SAMPLE" \
        --make=MODELS="item hybrid" --make=QUICK=1
    assert_output --partial "nightly: published: 00001-"
    make -s -C "$ROOT" uninstall DESTDIR="$PWD/root" PREFIX=/opt/rs
    assert_equal "$(find root ! -type d)" ""
    [ ! -e root/opt/rs/share/rs ]
}

@test "the page of rs-nightly has every option of --help" {
    "$ROOT/pipelines/nightly" --help | grep -oE '^  --[a-z-]+' | tr -d ' ' | while read -r option; do
        grep -q -- "Fl \\\\-${option#--}" "$ROOT/pipelines/package/rs-nightly.8" ||
            { echo "$option is not in the page"; return 1; }
    done
}

@test "the static server needs no library and no pkg-config, and answers in a folder that holds nothing else" {
    # Linked here from what is built, so that a file that is there stays.
    mkdir alone
    CC=cc "$ROOT/pipelines/package/static" alone/rs-serve "$ROOT"/build/release/tools/rs-serve/*.o \
        "$ROOT/build/release/librs.a" "$ROOT/pipelines/package/no-tls.c" >said 2>&1
    assert_equal "$(cat said)" ""
    run ldd alone/rs-serve
    assert_output --partial "not a dynamic executable"
    rs-clean -q "$SAMPLE" | rs-matrix --times -o matrix.rs
    rs-factor matrix.rs -q --method svd --factors 4 -o svd
    rs-model -m matrix.rs --rank svd=svd -o alone/model
    [ "$(id -u)" = 0 ] || skip "chroot needs root; it is linked"
    mkdir alone/journal
    chroot alone /rs-serve --model model --journal journal --listen 127.0.0.1:0 >address 3>&- &
    for _ in $(seq 200); do [ -s address ] && break || sleep 0.05; done
    curl -sSf "$(cat address)api/recommend/1?n=5" | jq -r '.[].Id' >here
    curl -sSf "$(cat address)api/feedback" -H 'Content-Type: application/json' \
        -d '[{"UserId": "1", "ItemId": "131", "Value": 4.5}]' | grep -q '"RowAffected":1'
    # what the library refuses is worded by the program here, too
    curl -sS "$(cat address)$(printf 'x%.0s' {1..40000})" | jq -e '.code == 414 and (.error | contains("URL"))'
    kill $!
    wait $!
    echo 1 | rs-score -q --model alone/model --users - --lines none --top 5 | rs-view -f csv -c item | tail -n +2 | diff - here
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
    # On a machine with hardly anything, which is not Debian.
    mkdir few
    for program in bash sed grep od tr awk nproc df uname head; do ln -s "$(command -v "$program")" few/; done
    PATH=$PWD/few run -69 "$ROOT/pipelines/doctor" '!build|no-such-package'
    assert_output --regexp 'build +not known, .*no-such-package'
    assert_output --regexp 'make +missing'
    refute_output --partial "All that is needed"
}
