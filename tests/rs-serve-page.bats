# The page of rs-serve in a real browser: headless Chromium, driven by browse.py.

setup_file() {
    load helper
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    _common_setup
    command -v chromium >/dev/null || return 0
    rs-clean "$SAMPLE" --items "$SAMPLE_ITEMS" --users "$SAMPLE_USERS" | rs-matrix --times -o matrix.rs
    rs-sim matrix.rs --side item --metric cosine --over full -k 30 -o item.graph
    rs-sim matrix.rs --side user -k 20 -o user.graph
    rs-model -m matrix.rs --predict item=item.graph --rank item=item.graph --neighbours item.graph \
        --neighbours user.graph -o model
    "$ROOT/tests/serve/model" "$ROOT/data/sample" situated
}

setup() {
    load helper
    _common_setup
    command -v chromium >/dev/null || skip "NO CHROMIUM: the page was not looked at in a browser"
    mkdir journal
    serve model
}

# serve MODEL: of the folder's; sets URL.
serve() {
    rm -f port
    rs-serve --model "$BATS_FILE_TMPDIR/$1" --listen 127.0.0.1:0 --port-file port --journal journal 3>&- >said &
    SERVER=$!
    for _ in $(seq 100); do [ ! -s port ] || break; sleep 0.05; done
    URL=http://127.0.0.1:$(cat port)
    LISTED="wait:document.querySelectorAll('#list > li').length == 10"
    IDS="[...document.querySelectorAll('#list > li')].map(li => li.dataset.id).join(' ')"
}

teardown() {
    [ -z "${SERVER:-}" ] || { kill "$SERVER"; wait "$SERVER" || true; }
}

browse() { python3 "$ROOT/tests/browse.py" "$URL/$1" "${@:2}"; }

@test "variety puts other films in front" {
    run browse "#user=7" "$LISTED" "eval:$IDS" \
        "eval:(s => { s.value = '0.5'; s.dispatchEvent(new Event('change')) })(document.getElementById('variety'))" \
        "wait:$IDS != '$(curl -s "$URL/api/recommend/7?n=10" | jq -r '[.[].Id] | join(" ")')'" "eval:$IDS"
    assert_success
    assert_equal "${lines[-1]//\"/}" "$(curl -s "$URL/api/recommend/7?n=10&mmr=0.5" | jq -r '[.[].Id] | join(" ")')"
}

@test "a click rates, is kept, and changes the list; the console stays silent" {
    run browse "#user=7" "$LISTED" "eval:$IDS" \
        "eval:document.querySelectorAll('#history > li').length" \
        "eval:document.querySelector('#list .stars button:nth-child(5)').click()" \
        "wait:document.getElementById('status').textContent.startsWith('Rated')" "eval:$IDS" \
        "eval:document.querySelectorAll('#history > li').length" \
        "eval:document.querySelectorAll('#history > li')[0].querySelectorAll('.on').length" \
        "eval:document.querySelectorAll('#list .moved.up').length > 0"
    assert_success
    local before=${lines[0]} after=${lines[3]}
    [ "$(wc -w <<<"$before")" = 10 ]
    [ "$(wc -w <<<"$after")" = 10 ]
    [ "$before" != "$after" ]
    local rated=${before%% *}
    rated=${rated#\"}
    [[ " $after " != *"$rated "* ]]
    assert_equal "${lines[4]}" $((lines[1] + 1)) # in their history, at the top, with five stars
    assert_equal "${lines[5]}" 5
    assert_equal "${lines[6]}" true
    run curl -s "$URL/api/user/7/feedback?n=1000" # on disk and in the interface, too
    [[ $output == *"\"ItemId\":\"$rated\""*"\"Value\":5"* ]]
    rs-clean journal/* | rs-view --format csv --columns user,item,rating | grep -qx "7,$rated,5"
    # The list is the interface's
    assert_equal "$(curl -s "$URL/api/recommend/7" | jq -r '.[].Id' | tr '\n' ' ')" "$(tr -d '"' <<<"$after") "
}

@test "a rating is taken back, and the list is what it was" {
    run browse "#user=7" "$LISTED" "eval:$IDS" "eval:document.querySelector('#list .stars button:nth-child(5)').click()" \
        "wait:document.getElementById('status').textContent.startsWith('Rated')" \
        "eval:document.querySelector('#history .drop').click()" \
        "wait:document.getElementById('status').textContent.startsWith('Took back')" "eval:$IDS"
    assert_success
    assert_equal "${lines[0]}" "${lines[3]}"
}

@test "by keyboard alone: one stop a row, arrows choose, Enter rates" {
    run browse "#user=7" "$LISTED" "eval:document.querySelector('#list [role=radio]').focus()" \
        key:ArrowRight key:ArrowRight key:ArrowRight "eval:document.activeElement.getAttribute('aria-label')" \
        key:Enter "wait:document.getElementById('status').textContent.startsWith('Rated')" \
        "eval:document.activeElement.closest('#list') !== null" key:Tab "eval:document.activeElement.className" \
        key:Enter "wait:document.getElementById('details').open" key:Escape \
        "wait:!document.getElementById('details').open" "eval:document.activeElement.className"
    assert_success
    assert_line --index 1 '"4 of 5"'
    assert_line --index 2 true
    assert_line --index 3 '"title"'
    assert_line --index 4 '"title"' # closing gives the focus back
}

@test "an item: facts, reasons, neighbours, and the way to them" {
    run browse "#user=7" "$LISTED" "eval:document.querySelector('#list .title').click()" \
        "wait:document.getElementById('details').open" "eval:document.querySelectorAll('#neighbours li').length" \
        "eval:document.querySelectorAll('#reasons li').length > 0" "eval:document.querySelectorAll('#labels span').length > 0" \
        "eval:document.getElementById('facts').textContent.includes('Expected of 7')" \
        "eval:window.before = document.getElementById('details-title').textContent" \
        "eval:document.querySelector('#neighbours .title').click()" \
        "wait:document.getElementById('details-title').textContent !== window.before"
    assert_success
    assert_equal "${lines[*]:1:4}" "8 true true true"
}

@test "a new visitor sees what is popular, searches, rates, and is known" {
    run browse "" "$LISTED" "eval:document.getElementById('guest').click()" \
        "wait:!document.getElementById('unknown').hidden" "eval:document.getElementById('query').value = 'harbour'" \
        "eval:document.getElementById('query').dispatchEvent(new Event('input'))" \
        "wait:document.querySelectorAll('#found .stars').length > 1" \
        "eval:document.querySelector('#found .stars button:nth-child(5)').click()" \
        "wait:document.getElementById('unknown').hidden" "eval:document.querySelectorAll('#history > li').length" \
        "eval:document.querySelector('#list .score').textContent.includes(' ratings')" \
        "eval:document.querySelector('#found .stars').querySelectorAll('.on').length"
    assert_success
    assert_equal "${lines[*]: -3}" "1 false 5"
}

@test "another situation, another list, which says so; and back" {
    run browse "#user=7" "$LISTED" "eval:document.getElementById('situation').hidden"
    assert_success
    assert_output true # this model knows none
    teardown
    serve situated
    run browse "#user=7" "$LISTED" "eval:document.querySelectorAll('#list .lift').length" \
        "eval:document.querySelector('#dimensions select').value = '2'" \
        "eval:document.querySelector('#dimensions select').dispatchEvent(new Event('change', { bubbles: true }))" \
        "wait:document.querySelectorAll('#list .lift').length == 10" "eval:document.getElementById('when').textContent" \
        "eval:$IDS" "eval:document.getElementById('notes').hidden" "eval:document.getElementById('clock').hidden" \
        "eval:document.getElementById('reset').click()" \
        "wait:document.querySelectorAll('#list .lift').length == 0" "eval:document.getElementById('when').textContent"
    assert_success
    assert_line --index 0 0
    assert_line '"now, device 2"'
    assert_line '"now"'
    assert_equal "$(curl -s "$URL/api/recommend/7?context=device:2" | jq -r '.Items[].Id' | tr '\n' ' ')" \
        "$(grep -E '^"[0-9]+ [0-9]' <<<"$output" | tr -d '"') "
}

@test "ids are data, not markup" {
    run browse "#user=%3Cimg%20src%3Dx%3E%2F..%2F%25" "$LISTED" "eval:document.querySelectorAll('img').length" \
        "eval:document.getElementById('list-title').textContent"
    assert_success
    assert_line --index 0 0
    assert_line --index 1 '"Recommended to <img src=x>/../%"'
}

@test "it fits a telephone, and the dark" {
    run browse "#user=7" --size 360x740 --dark "$LISTED" \
        "eval:document.documentElement.scrollWidth <= 360" "eval:getComputedStyle(document.body).backgroundColor"
    assert_success
    assert_line --index 0 true
    assert_line --index 1 '"rgb(21, 23, 26)"'
}

@test "no script but its own, no foreign address, no markup in the script" {
    run curl -si "$URL/"
    assert_line --partial "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"
    run -1 grep -E '<script>|style=|onclick=|javascript:|https?://' "$ROOT"/tools/rs-serve/page/index.html
    run -1 grep -E 'innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|https?://' "$ROOT"/tools/rs-serve/page/page.js
    run browse "#user=7" "$LISTED" "eval:(() => { const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.head.append(s); return window.broken === undefined })()"
    assert_line --index 0 true # refused by the policy, which the console says
    assert_failure 1
}
