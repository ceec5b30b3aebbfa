# rs-model: folders that are whole or not there, whose every bit is vouched for.

setup_file() {
    load helper
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    _common_setup
    rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" -o ratings.rs
    rs-split --folds 5 --fold 1 ratings.rs --train train.rs --test test.rs
    rs-matrix --times train.rs -o matrix.rs
    rs-matrix ratings.rs -o other.rs
    rs-sim matrix.rs --side item -k 30 -o item.graph
    rs-sim matrix.rs --side user -k 20 -o user.graph
    rs-sim other.rs --side item -o other.graph
    rs-factor matrix.rs --method ease -o ease.factors
    rs-factor matrix.rs --method svd++ --factors 8 --sweeps 4 -o svd.factors
    rs-factor matrix.rs --method gibbs --factors 4 --samples 20 -o gibbs.factors
    local m
    for m in baseline item=item.graph svd=svd.factors; do
        rs-score -m matrix.rs --model $m --pairs test.rs -o "${m%=*}.scores"
    done
    for m in item=item.graph ease=ease.factors; do
        rs-score -m matrix.rs --model $m --pairs test.rs --rank --draw 50 -o "${m%=*}.drawn"
    done
    rs-blend -q baseline.scores item.scores svd.scores item.drawn ease.drawn -o hybrid.blend
}

setup() {
    load helper
    _common_setup
    cp "$BATS_FILE_TMPDIR"/{*.rs,*.graph,*.factors,*.blend} .
}

# The hybrid of the fixtures, with -o behind it.
hybrid=(rs-model -m matrix.rs --predict baseline --predict item=item.graph --predict svd=svd.factors
    --rank item=item.graph --rank ease=ease.factors --blend hybrid.blend
    --neighbours item.graph --neighbours user.graph -o)

# A model that is quickly made.
small() { rs-model -m matrix.rs --rank item=item.graph "${@:2}" -o "$1"; }

# Changes a manifest by jq and seals it again, so that nothing but the change can be wrong with it.
reseal() {
    local changed digest
    changed=$(jq -cS "$2 | del(.digest)" "$1")
    digest=$(printf %s "$changed" | xxhsum -H3 | grep -o '[0-9a-f]\{16\}')
    jq ".digest = \"$digest\"" <<<"$changed" >"$1"
}

@test "a folder holds what answers need, each file once, and a manifest of them" {
    run --separate-stderr "${hybrid[@]}" m
    assert_success
    [ -z "$output$stderr" ]
    run rs-model m
    assert_output - <<END
task,model,part,kind,bytes
,matrix,matrix.rs,matrix,$(stat -c %s matrix.rs)
predict,baseline,,,
predict,item,item.predict,graph,$(stat -c %s item.graph)
predict,svd,svd.predict,factors,$(stat -c %s svd.factors)
predict,hybrid,hybrid.blend,blend,$(stat -c %s hybrid.blend)
rank,item,item.predict,graph,$(stat -c %s item.graph)
rank,ease,ease.rank,factors,$(stat -c %s ease.factors)
rank,hybrid,hybrid.blend,blend,$(stat -c %s hybrid.blend)
neighbours,item,item.predict,graph,$(stat -c %s item.graph)
neighbours,user,user.neighbours,graph,$(stat -c %s user.graph)
END
    assert_equal "$(ls m | tr '\n' ' ')" \
        "ease.rank hybrid.blend item.predict manifest.json matrix.rs svd.predict user.neighbours "
    [ m/ease.rank -ef ease.factors ] # linked, not copied
    rs-model --check m
    grep -q '"digest": "[0-9a-f]\{16\}"' m/manifest.json
}

@test "equal parts make equal folders, and every method of rs-factor fits in one" {
    small a && small b
    diff -r a b
    rs-model -m matrix.rs --predict g=gibbs.factors --rank e=ease.factors -o c
    rs-model --check c
    run -1 cmp -s a/manifest.json c/manifest.json
}

@test "a model without --predict and --rank expects by the baseline and lists what is popular" {
    rs-model -m matrix.rs -o m
    run rs-model m
    assert_line "predict,baseline,,,"
    assert_line "rank,popular,,,"
}

@test "lists are those that the hybrid computes, and as many as were asked for" {
    "${hybrid[@]}" m
    "${hybrid[@]}" n --lists 7
    run rs-model n
    assert_line ",lists,lists.rs,lists,$(stat -c %s n/lists.rs)"
    rs-model --check n
    "${hybrid[@]}" again --lists 7 -t 1
    cmp again/manifest.json n/manifest.json
    for top in 5 7 8; do # from the lists, and where these end
        rs-score -q --model m --top $top | rs-view -f csv >computed
        rs-score -q --model n --top $top | rs-view -f csv | diff computed -
    done
    # who has new ratings is not answered from the lists
    rs-score -q --model m --top 5 --ratings test.rs | rs-view -f csv >computed
    rs-score -q --model n --top 5 --ratings test.rs | rs-view -f csv | diff computed -
    # more than there is to list
    "${hybrid[@]}" all --lists 5000
    rs-score -q --model m --top 5000 | rs-view -f csv >computed
    rs-score -q --model all --top 5000 | rs-view -f csv | diff computed -
}

@test "lists that make no sense are refused" {
    small m --lists 3
    fails 64 rs-model --lists 3 m
    chmod u+w m/lists.rs
    printf '\377\377\377\377' | dd of=m/lists.rs bs=1 conv=notrunc status=none \
        seek=$(($(stat -c %s m/lists.rs) / 2))
    fails 65 rs-model --check m
    assert_equal "$stderr" "rs-model: $PWD/m/lists.rs: the file is damaged: its checksum is not the one in the manifest"
    reseal m/manifest.json ".parts |= map(if .part == \"lists.rs\" then .xxh3 = \"$(xxhsum -H3 m/lists.rs |
        grep -o '[0-9a-f]\{16\}')\" else . end)"
    fails 65 rs-model --check m
    assert_equal "$stderr" "rs-model: $PWD/m/lists.rs: the file is damaged: its lists are inconsistent"
    rs-model -m other.rs --rank item=other.graph --lists 3 -o n
    cp n/lists.rs m/lists.rs
    reseal m/manifest.json ".parts |= map(if .part == \"lists.rs\" then .bytes = $(stat -c %s n/lists.rs) else . end)"
    fails 65 rs-score --model m --top 3
    assert_equal "$stderr" "rs-score: $PWD/m/lists.rs: was not made from the matrix of this model"
}

@test "files on another device are copied" {
    [ -w /dev/shm ] || skip "no /dev/shm"
    local away
    away=$(mktemp -d -p /dev/shm)
    small "$away/m"
    rs-model --check "$away/m" && ! [ "$away/m/matrix.rs" -ef matrix.rs ] && cmp "$away/m/matrix.rs" matrix.rs
    local code=$?
    rm -r "$away"
    return $code
}

@test "a graph in parts is joined once and for all" {
    for i in 1 2 3; do rs-sim matrix.rs --side item -k 30 --part $i/3 -o part.$i; done
    cat part.1 part.2 part.3 >parts.graph
    small m && rs-model -m matrix.rs --rank item=parts.graph -o n
    assert_equal "$(rs-view n/item.rank | tail -n +2)" "$(rs-view m/item.rank | tail -n +2)"
    rs-model --check n
}

@test "what was made from another matrix is refused" {
    fails 65 rs-model -m matrix.rs --rank item=other.graph -o m
    assert_equal "$stderr" "rs-model: other.graph: was not made from the matrix of this model"
    fails 65 rs-model -m matrix.rs --neighbours other.graph -o m
    fails 65 rs-model -m other.rs --predict svd=svd.factors -o m
    [ "$(ls -d m* 2>/dev/null)" = matrix.rs ]
}

@test "parts that don't fit together are refused, and nothing is left" {
    fails 64 rs-model -m matrix.rs --predict item=item.graph --predict svd=svd.factors -o m
    fails 64 rs-model -m matrix.rs --predict item -o m
    fails 64 rs-model -m matrix.rs --rank a/b=item.graph -o m
    fails 64 rs-model -m matrix.rs --rank ../b=item.graph -o m
    fails 64 rs-model -m matrix.rs --rank .b=item.graph -o m
    fails 64 rs-model -m matrix.rs --neighbours item.graph --neighbours other.graph -o m
    fails 64 rs-model -m matrix.rs --predict other=item.graph --predict svd=svd.factors --blend hybrid.blend -o m
    fails 64 rs-model -m matrix.rs
    fails 64 rs-model
    fails 65 rs-model -m item.graph -o m
    fails 65 rs-model -m matrix.rs --rank x=ratings.rs -o m
    fails 65 rs-model -m matrix.rs --neighbours ease.factors -o m
    fails 65 rs-model -m matrix.rs --context item.graph -o m
    fails 66 rs-model -m matrix.rs --rank x=nowhere -o m
    fails 66 rs-model -m nowhere -o m
    fails 66 rs-model -m /dev/null -o m
    fails 73 rs-model -m matrix.rs -o nowhere/m
    [ "$(ls -d m* 2>/dev/null)" = matrix.rs ]
}

@test "a source whose own checksum is wrong does not get in" {
    printf '\x55' | dd of=item.graph bs=1 seek=$(($(stat -c %s item.graph) / 2)) conv=notrunc status=none
    fails 65 rs-model -m matrix.rs --rank item=item.graph -o m
    [[ $stderr == "rs-model: item.graph: "* ]]
    [ ! -e m ]
}

@test "a folder is never changed" {
    small m
    find m -type f -exec md5sum {} + >sums
    fails 73 rs-model -m matrix.rs --rank item=item.graph -o m
    fails 73 rs-model -m matrix.rs -o item.graph
    md5sum --quiet -c sums
    fails 64 rs-model --predict baseline m
    fails 64 rs-model -m matrix.rs -o n m
}

@test "a missing, cut, grown, linked or changed part is told from its place" {
    small m
    rm m/item.rank
    fails 66 rs-model m
    [[ $stderr == *"m/item.rank: this part of the model is missing" ]]
    head -c 1000 item.graph >m/item.rank
    fails 65 rs-model m
    [[ $stderr == *"m/item.rank: this part of the model has 1000 bytes, not $(stat -c %s item.graph)" ]]
    cat item.graph <(head -c 64 /dev/zero) >m/item.rank
    fails 65 rs-model m
    rm m/item.rank
    ln -s ../item.graph m/item.rank
    fails 65 rs-model m
    rm m/item.rank
    mkfifo m/item.rank
    fails 65 rs-model m
    rm m/item.rank
    cp item.graph m/item.rank
    rs-model --check m
}

@test "every byte counts" {
    small m --neighbours user.graph
    local part size at
    for part in matrix.rs item.rank user.neighbours; do
        cp m/$part kept
        rm m/$part
        size=$(stat -c %s kept)
        for at in 0 1 63 64 777 $((size / 3)) $((size / 2)) $((size - 70)) $((size - 1)); do
            cp kept m/$part
            printf "\\x$(printf %02x $((($(od -An -tu1 -j$at -N1 kept) + 1) % 256)))" |
                dd of=m/$part bs=1 seek=$at conv=notrunc status=none
            fails 65 rs-model --check m
        done
        cp kept m/$part
    done
    rs-model --check m
}

@test "a changed, newer or foreign manifest is refused" {
    small m
    cp m/manifest.json good
    sed -i 's/"item.rank"/"item.tank"/' m/manifest.json
    fails 65 rs-model m
    [[ $stderr == *"the manifest was changed: its digest is not its own" ]]
    sed 's/"version": 1/"version": 2/' good >m/manifest.json
    fails 65 rs-model m
    [[ $stderr == *"format version 2 is newer than this program reads (1): update rs" ]]
    head -c 100 good >m/manifest.json
    fails 65 rs-model m
    echo '{}' >m/manifest.json
    fails 65 rs-model m
    echo '[]' >m/manifest.json
    fails 65 rs-model m
    : >m/manifest.json
    fails 65 rs-model m
    rm m/manifest.json
    fails 66 rs-model m
    fails 66 rs-model nowhere
    fails 66 rs-model .
    cp good m/manifest.json
    rs-model --check m
}

@test "no name of a part leads out of the folder" {
    small m
    cp m/manifest.json good
    local name
    for name in ../matrix.rs /etc/passwd ./matrix.rs .. . '' a/b manifest.json '..\/x'; do
        cp good m/manifest.json
        reseal m/manifest.json ".matrix = \"$name\" | .parts[0].part = \"$name\""
        fails 65 rs-model m
        [[ $stderr == *"can't be the name of a part" ]] || fail "$stderr"
    done
}

@test "a manifest sealed by somebody else is held to its rules" {
    small m --neighbours user.graph
    cp m/manifest.json good
    local change
    for change in 'del(.parts[1])' '.parts = []' '.rank.models = []' 'del(.predict)' 'del(.name)' '.parts = 3' \
        '.rank.models[0].part = 7' '.rank.models[0].part = {}' 'del(.rank.models[0].part)' '.rank.models = "x"' \
        '.rank.blend = "item.rank"' '.neighbours.item = "user.neighbours"' '.context = "item.rank"' \
        '.matrix = "item.rank"' '.parts[0].bytes = 1' '.rank.models += .rank.models' 'del(.matrix)'; do
        cp good m/manifest.json
        reseal m/manifest.json "$change"
        fails 65 rs-model m
    done
    for change in '.parts[1].xxh3 = "0000000000000000"' '.parts[1].xxh3 = 5'; do
        cp good m/manifest.json
        reseal m/manifest.json "$change"
        fails 65 rs-model --check m
    done
    cp good m/manifest.json
    reseal m/manifest.json '.extra = {"x": "é"}' # what a later release may add
    rs-model --check m
}

@test "publishing swaps a link, by the shortest way there is" {
    mkdir models away
    small models/a && small models/b --neighbours user.graph
    rs-model --publish models/now models/a
    assert_equal "$(readlink models/now)" a
    rs-model --publish models/now models/b
    assert_equal "$(readlink models/now)" b
    rs-model --publish now models/a
    assert_equal "$(readlink now)" models/a
    rs-model --publish away/now models/a
    assert_equal "$(readlink away/now)" "$(realpath models/a)"
    rs-model --publish now models/now # what a link leads to, not the link
    assert_equal "$(readlink now)" models/b
    rs-model -m matrix.rs -o c --publish now
    assert_equal "$(readlink now)" c
    [ -z "$(find . -name '*.tmp.*')" ]
    rs-model now >/dev/null
}

@test "a broken folder is not published, and nothing but a link is replaced" {
    small good && small bad
    rs-model --publish now good
    cp --remove-destination item.graph bad/item.rank
    printf '\x55' | dd of=bad/item.rank bs=1 seek=9999 conv=notrunc status=none
    fails 65 rs-model --publish now bad
    assert_equal "$(readlink now)" good
    fails 66 rs-model --publish now nowhere
    fails 73 rs-model --publish matrix.rs good
    fails 73 rs-model --publish nowhere/now good
    fails 73 rs-model --publish bad good
    [ -f matrix.rs ]
    [ -d bad ]
    fails 65 rs-model -m matrix.rs --rank item=other.graph -o c --publish now
    assert_equal "$(readlink now)" good
}

@test "whoever opens the link while it is swapped finds one model or the other" {
    small a && small b --neighbours user.graph
    rs-model --publish now a
    (for i in $(seq 30); do
        rs-model --publish now b
        rs-model --publish now a
    done) &
    local swapping=$! n=0
    while kill -0 $swapping 2>/dev/null; do
        rs-model now >listed || fail "opened neither"
        n=$((n + 1))
    done
    wait $swapping
    [ $n -gt 5 ]
}

@test "killed at any moment it leaves a whole folder or none" {
    local i
    for i in $(seq 0 24); do
        "${hybrid[@]}" m 2>/dev/null &
        local making=$!
        sleep "0.00$((i % 10))$((i / 10))"
        kill -9 $making 2>/dev/null || true
        wait $making 2>/dev/null || true
        [ ! -e m ] || rs-model --check m
        rm -rf m m.tmp.*
    done
}

@test "interrupted it takes its traces away" {
    local i
    for i in $(seq 0 9); do
        "${hybrid[@]}" m 2>/dev/null &
        local making=$!
        sleep "0.00$i"
        kill -TERM $making 2>/dev/null || true
        wait $making 2>/dev/null || true
        [ ! -e m ] || rs-model --check m
        [ -z "$(ls -d m.tmp.* 2>/dev/null)" ] || fail "left $(ls -d m.tmp.*)"
        rm -rf m
    done
}
