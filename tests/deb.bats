# The Debian package: built twice, judged by lintian; installed, run, upgraded and purged in a fresh Debian, which is made
# of the packages of this machine's own sources.

# Versions 1.0 and 1.1, and 1.0 again.
setup_file() {
    cd "$BATS_TEST_DIRNAME/.." || return 1
    export MAKEFLAGS='' DEBEMAIL=rs@example.org DEBFULLNAME='The maintainers'
    command -v dpkg-shlibdeps >/dev/null || return 0
    # Built beside the checkout's own build/deb, so that a package that is there stays.
    make -s install DESTDIR="$BATS_FILE_TMPDIR/installed" PREFIX=/usr \
        ZSH_FOLDER=/usr/share/zsh/vendor-completions UNIT_FOLDER=/lib/systemd/system
    for build in 1.0 1.1 again; do
        mkdir "$BATS_FILE_TMPDIR/$build"
        cp -a "$BATS_FILE_TMPDIR/installed" "$BATS_FILE_TMPDIR/$build/root"
        pipelines/package/deb "$BATS_FILE_TMPDIR/$build" "${build/again/1.0}" >"$BATS_FILE_TMPDIR/$build.name"
    done
}

setup() {
    load helper
    _common_setup
    command -v dpkg-shlibdeps >/dev/null || skip "no dpkg-dev (make test-far installs it)"
    old=$(cat "$BATS_FILE_TMPDIR/1.0.name")
    new=$(cat "$BATS_FILE_TMPDIR/1.1.name")
}

@test "two builds are the same bytes, and lintian has nothing to say" {
    cmp "$old" "$(cat "$BATS_FILE_TMPDIR/again.name")"
    command -v lintian >/dev/null || skip "no lintian (make test-far installs it); the bytes are the same"
    run -0 lintian --allow-root --fail-on error,warning \
        --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$old"
    assert_output ""
}

@test "it is installed, makes and serves a model, is upgraded and purged, and leaves nothing" {
    [ "$(id -u)" = 0 ] || skip "a Debian of one's own needs root"
    command -v mmdebstrap >/dev/null || skip "no mmdebstrap (make test-far installs it)"
    sources=()
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
        [ ! -s "$file" ] || sources+=("$file")
    done
    depends=$(dpkg-deb -f "$old" Depends | sed 's/systemd | //; s/([^)]*)//g; s/ //g')
    # In memory, where dpkg waits for no disk; what is mounted goes with the namespace.
    run --separate-stderr unshare --mount --pid --fork --mount-proc bash -eu -c '
        mount -t tmpfs none "$1"
        mmdebstrap --quiet --mode=root --variant=essential --include="$2" "$3" "$1/debian" "${@:7}" >&2
        "$4/in-debian" "$1/debian" "$5" "$6" "$4/../data/sample"' \
        bash "$PWD" "$depends" "$(. /etc/os-release && echo "$VERSION_CODENAME")" \
        "$BATS_TEST_DIRNAME" "$old" "$new" "${sources[@]}"
    echo "$stderr" | tail -n 30
    assert_equal "$status" 0
    assert_line --index 0 --partial "nightly: published: 00001-"
    assert_line --index 1 1.1
    assert_line --index 2 served
    assert_line --index 3 purged
}
