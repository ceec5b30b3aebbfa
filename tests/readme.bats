# The README's `sh` blocks run as they stand, in a copy of the sample.

setup() {
    load helper
    _common_setup
}

@test "the README's examples run" {
    cp "$ROOT"/data/sample/*.csv .
    awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$ROOT/README.md" >examples.sh
    [ -s examples.sh ]
    run -0 --separate-stderr bash -eu -o pipefail examples.sh
    assert_equal "$stderr" ""
    assert_line --index 0 "rank,title,score"
    assert_equal "${#lines[@]}" 4
}

@test "the server starts and answers as the README has it" {
    rs-clean "$SAMPLE" | rs-matrix --times -o matrix.rs
    rs-model -m matrix.rs --rank popular -o m
    mkdir -p out/run && ln -s ../../m out/run/model
    # On a port of its own, where curl is sent.
    sed -n '/^## Serving/,/^\$ rs-clean/{ /^\$ rs-clean/d; s/^\$ //p; /^ /p }' "$ROOT/README.md" >serving.sh
    sed -i '/^rs-serve/{ s/ &.*/ --listen 127.0.0.1:0 --port-file port >log \&/
        a timeout 10 bash -c "until [ -s port ]; do sleep 0.1; done"; echo "connect-to = 127.0.0.1:8087:127.0.0.1:$(cat port)" >.curlrc
        }; $a kill $!; wait $!' serving.sh
    CURL_HOME=$PWD run -0 bash -eu serving.sh
    assert_output --partial '"Source":"popular"'
    assert_output --partial '"RowAffected":1'
}

@test "every program is in the README's table and every program in it exists" {
    run -0 bash -c "sed -n 's/^| \`\(rs-[a-z]*\)\`.*/\1/p' '$ROOT/README.md' | sort"
    listed=$output
    run -0 bash -c "cd '$ROOT/tools' && ls -d rs-* | sed 's/\.c\$//' | sort"
    assert_equal "$listed" "$output"
}

@test "every make target that the README names is in make help" {
    run -0 make -s -C "$ROOT" help
    help=$output
    for target in $(grep -oE '(\$ |`)make [a-z-]+' "$ROOT/README.md" | sed 's/.* //' | sort -u); do
        grep -qE "^  $target " <<<"$help" || fail "make $target is not in make help"
    done
}
