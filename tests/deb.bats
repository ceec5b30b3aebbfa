# The Debian package: built twice, judged by lintian, installed, upgraded and purged on an overlay of this machine.

setup() {
    load helper
    _common_setup
    command -v dpkg-shlibdeps >/dev/null || skip "no dpkg-dev (make test-far installs it)"
    export MAKEFLAGS=
    # Built beside the checkout's own build/deb, so that a package that is there stays.
    make -s -C "$ROOT" install DESTDIR="$PWD/deb/root" PREFIX=/usr ZSH_FOLDER=zsh/vendor-completions
}

# A package of version $1.
package() {
    (cd "$ROOT" && DEBEMAIL=rs@example.org DEBFULLNAME='The maintainers' pipelines/deb "$BATS_TEST_TMPDIR/deb" "$1")
}

@test "two builds are the same bytes, and lintian has nothing to say" {
    cp -r deb/root kept
    first=$(package 1.0)
    sha256sum "$first" >sum
    sleep 1
    mv kept deb/root
    package 1.0
    sha256sum --quiet -c sum
    command -v lintian >/dev/null || skip "no lintian (make test-far installs it); the bytes are the same"
    DEBEMAIL=
    run -0 lintian --allow-root --fail-on error,warning --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$first"
    assert_output ""
}

@test "it is installed, upgraded and purged, and leaves nothing" {
    [ "$(id -u)" = 0 ] || skip "an overlay needs root"
    cp -r deb/root kept
    old=$(package 1.0)
    mv kept deb/root
    new=$(package 1.1)
    mkdir overlay
    # The machine's own file system below, what is written above, and thrown away.
    cat >inside <<'END'
set -eu
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root" || exit 77
mount --bind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
cp "$2" "$3" "$1/root/tmp"
chroot "$1/root" dpkg --purge rs >/dev/null 2>&1 || true
find "$1/upper" \( -path "$1/upper/tmp" -o -path "$1/upper/var/lib/dpkg" -o -path "$1/upper/var/log" \
    -o -path "$1/upper/var/cache" \) -prune -o -type f -print | sort >"$1/before"
chroot "$1/root" dpkg -i "/tmp/${2##*/}" >&2
chroot "$1/root" /usr/bin/rs-sim --version >/dev/null
echo keep >"$1/root/tmp/ratings.csv"
chroot "$1/root" dpkg -i "/tmp/${3##*/}" >&2
chroot "$1/root" dpkg-query -W -f '${Version}\n' rs
chroot "$1/root" sh -c 'cd /tmp && printf "user,item,rating\n1,2,3\n" >r.csv && rs-clean r.csv | rs-view -n 1'
chroot "$1/root" dpkg --purge rs >&2
find "$1/upper" \( -path "$1/upper/tmp" -o -path "$1/upper/var/lib/dpkg" -o -path "$1/upper/var/log" \
    -o -path "$1/upper/var/cache" \) -prune -o -type f -print | sort | diff "$1/before" - >&2
ls "$1/root/var/lib/dpkg/info/" | grep '^rs\.' && exit 1
echo purged
END
    run --separate-stderr unshare --mount --pid --fork bash inside "$PWD/overlay" "$old" "$new"
    [ "$status" != 77 ] || skip "this kernel has no overlay file system"
    assert_equal "$status" 0
    assert_line --index 0 1.1
    assert_line purged
}
