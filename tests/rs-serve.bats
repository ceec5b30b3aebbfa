# rs-serve by curl, on a port that is free, over models of the built-in sample.

setup_file() {
    load helper
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    _common_setup
    cp "$ROOT"/data/sample/*.csv .
    rs-clean ratings.csv --items items.csv --users users.csv -o ratings.rs
    rs-matrix --times ratings.rs -o matrix.rs
    rs-sim matrix.rs --side item --metric cosine --over full -k 20 -o items.graph
    rs-sim matrix.rs --side user -k 20 -o users.graph
    rs-model -m matrix.rs --predict item=items.graph --rank item=items.graph \
        --neighbours items.graph --neighbours users.graph -o one
    rs-model -m matrix.rs --predict user=users.graph --rank user=users.graph \
        --neighbours items.graph -o two
}

setup() {
    load helper
    _common_setup
    MODELS=$BATS_FILE_TMPDIR
    JSON='Content-Type: application/json'
    pids=()
}

teardown() {
    local pid
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
}

# Starts a server with these options and waits until it is ready; sets URL, PORT and PID.
serve() {
    rm -f port
    rs-serve --listen 127.0.0.1:0 --port-file port -t 2 "$@" >serve.out 2>serve.err 3>&- &
    PID=$!
    pids+=("$PID")
    local tries=0
    until [ -s port ]; do
        sleep 0.02
        tries=$((tries + 1))
        [ "$tries" -lt 500 ] && kill -0 "$PID" || fail "does not start: $(cat serve.err)"
    done
    PORT=$(cat port)
    URL=http://127.0.0.1:$PORT
}

# Ends it, which must succeed.
stop() {
    kill -TERM "$PID"
    local code=0
    wait "$PID" || code=$?
    assert_equal "$code" 0
}

get() { curl -sS --path-as-is "$URL$1" "${@:2}"; }
post() { curl -sS "$URL$1" -H "$JSON" -d "$2" "${@:3}"; }
status() { curl -sS -o answer -w '%{http_code}' --path-as-is "$URL$1" "${@:2}"; }

# `refused CODE PATTERN PATH [CURL OPTION]...`: the answer is JSON with that code and reason.
refused() {
    local code
    code=$(status "$3" "${@:4}")
    [ "$code" = "$1" ] || fail "$3: $code instead of $1: $(cat answer)"
    [ "$(jq -r .code answer)" = "$1" ] || fail "$3: says $(cat answer)"
    [ -n "$(jq -r '.request_id // empty' answer)" ] || fail "$3: no request id: $(cat answer)"
    jq -r .error answer | grep -qE -- "$2" || fail "$3: says $(cat answer)"
}

# rs-score with the matrix and the model of `one`.
offline() { rs-score -q --matrix "$MODELS/matrix.rs" --model item="$MODELS/items.graph" "$@"; }

metric() { get /metrics | sed -n "s/^rs_$1 //p"; }

@test "lists have ids, scores, titles, the model that spoke and reasons" {
    serve --model "$MODELS/one"
    assert_equal "$(cat serve.out)" "$URL/"
    get "/api/recommend/1?n=3" >list
    jq -e 'length == 3 and all(.[]; .Id and .Score and .Title and .Source == "item" and (.Because | length) > 0)' list
    # in the order of rs-score, and with its scores
    offline --users <(echo 1) --top 3 |
        rs-view -f csv -c item,score | tail -n +2 >expected
    jq -r '.[] | "\(.Id),\(.Score)"' list | diff - expected
    # reasons are ratings of the user
    rs-view -f csv -c item,rating --user 1 "$MODELS/ratings.rs" >rated
    jq -r '.[].Because[] | "\(.Id),\(.Rating)"' list | while read -r line; do grep -qx "$line" rated; done
    get "/api/recommend/1?n=2&offset=1" | jq -e --slurpfile all list '. == $all[0][1:3]'
    assert_equal "$(get "/api/recommend/1" | jq length)" 10
    stop
}

@test "categories, exclusions and somebody's rated items narrow a list" {
    serve --model "$MODELS/one"
    get "/api/recommend/1?n=50&category=Drama" >drama
    jq -e 'length > 3' drama
    for id in $(jq -r '.[].Id' drama); do
        get "/api/item/$id" | jq -e '.Labels.genres | index("Drama")'
    done
    first=$(jq -r '.[0].Id' drama) second=$(jq -r '.[1].Id' drama) third=$(jq -r '.[2].Id' drama)
    assert_equal "$(get "/api/recommend/1?category=Drama&exclude=$first,$second&exclude=nobody" | jq -r '.[0].Id')" "$third"
    assert_equal "$(get "/api/recommend/1?category=None")" "[]"
    get "/api/popular?n=1000&user-id=1" | jq -r '.[].Id' | sort >unrated
    get "/api/user/1/feedback?n=1000" | jq -r '.[].ItemId' | sort >rated
    assert_equal "$(comm -12 rated unrated)" ""
    assert_equal "$(cat rated unrated | wc -l)" "$(get "/api/items?n=1000" | jq '.Items | length')"
    stop
}

@test "somebody unknown gets what is popular, marked so" {
    serve --model "$MODELS/one"
    get "/api/recommend/nobody?n=3" >list
    jq -e 'length == 3 and all(.[]; .Source == "popular")' list
    get "/api/popular?n=3" | diff - list
    stop
}

@test "a list with more variety is the same from the server and from rs-score, on every page" {
    serve --model "$MODELS/one"
    post /api/feedback '[{"UserId":"7","ItemId":"113","Value":5}]' # computed, not ready
    for user in 1 7 new; do
        for mmr in 1 0.6 0; do
            get "/api/recommend/$user?n=7&mmr=$mmr" | jq -r '[.[].Id] | join(" ")'
            get "/api/recommend/$user?n=3&offset=7&mmr=$mmr" | jq -r '[.[].Id] | join(" ")'
        done
    done | paste -d ' ' - - >online
    echo 'user,item,rating
7,113,5' | rs-clean -q -o said.rs
    for user in 1 7 new; do
        for mmr in 1 0.6 0; do
            echo "$user" | rs-score -q --model "$MODELS/one" --users - --ratings said.rs --top 10 --mmr $mmr | cut -f 3- | tr '\t' ' '
        done
    done | diff online -
    [ "$(sort -u online | wc -l)" -gt 5 ]
    assert_equal "$(get '/api/recommend/1?mmr=1' | sha256sum)" "$(get /api/recommend/1 | sha256sum)"
    # and without what is left out
    first=$(get '/api/recommend/1?n=1&mmr=0.6' | jq -r '.[0].Id')
    get "/api/recommend/1?n=80&mmr=0.6&exclude=$first" | jq -e --arg first "$first" 'length > 20 and all(.[]; .Id != $first)'
    get '/api/recommend/1?n=80&mmr=0.6&category=Drama' | jq -e 'length > 5'
    for mmr in x "" 1.01 -0.1 nan; do refused 400 "mmr is not a number from 0 to 1" "/api/recommend/1?mmr=$mmr"; done
    stop
}

@test "neighbours, items, users, what is new" {
    serve --model "$MODELS/one"
    get "/api/item/101/neighbors?n=3" | jq -r '.[] | "\(.Id),\(.Score)"' >neighbours
    rs-view -f csv --item 101 "$MODELS/items.graph" | tail -n +2 | head -n 3 | cut -d, -f2,3 | diff - neighbours
    get /api/item/101/neighbors/ | jq -e 'length == 10 and all(.[]; .Title)' # gorse's way to write it
    get "/api/user/1/neighbors?n=2" | jq -e 'length == 2'
    get /api/item/101 | jq -e '.ItemId == "101" and .Title == "Amber Harbour, The (1982)" and .Ratings == 44'
    get /api/user/1 | jq -e '.UserId == "1" and .Labels.age == 34 and .Ratings == 26'
    get "/api/items?q=jade&n=100" | jq -e '.Items | length > 1 and all(.[]; .Title | test("Jade"))'
    get "/api/users?n=7" | jq -e '.Cursor == "7" and (.Users | length) == 7'
    get "/api/users?n=1000&cursor=110" | jq -e '.Cursor == "" and (.Users | length) == 10'
    get "/api/latest?n=90" | jq -e '[.[].Timestamp] | . == (sort | reverse)'
    refused 404 "does not know the item 'x'" /api/item/x
    refused 404 "does not know the item" /api/item/x/neighbors
    refused 404 "nothing is known of the user" /api/user/x
    assert_equal "$(get /api/user/somebody-new/neighbors)" "[]"
    stop
    serve --model "$MODELS/two"
    refused 404 "no neighbours of users" /api/user/1/neighbors
    stop
}

@test "feedback is in the very next answer and in the one after a restart" {
    mkdir journal
    serve --model "$MODELS/one" --journal journal
    best=$(get /api/recommend/1 | jq -r '.[0].Id')
    popular=$(get /api/item/$best | jq .Ratings)
    assert_equal "$(post /api/feedback "[{\"UserId\":\"1\",\"ItemId\":\"$best\",\"Value\":1}]" | jq .RowAffected)" 1
    get /api/recommend/1 >after
    jq -e --arg id "$best" 'all(.[]; .Id != $id)' after
    assert_equal "$(get /api/item/$best | jq .Ratings)" $((popular + 1))
    get "/api/user/1/feedback?n=100" | jq -e --arg id "$best" '.[] | select(.ItemId == $id) | .Value == 1'
    # somebody new is folded in
    post /api/feedback '[{"UserId":"ñew/1","ItemId":"102","Value":5},{"UserId":"ñew/1","ItemId":"not yet","Value":5}]' |
        jq -e '.RowAffected == 2 and .UnknownItems == 1'
    get "/api/recommend/%C3%B1ew%2F1?n=2" >new
    jq -e 'all(.[]; .Source == "item")' new
    get "/api/user/%C3%B1ew%2F1/feedback" | jq -e 'length == 2'
    stop
    serve --model "$MODELS/one" --journal journal
    get /api/recommend/1 | diff - after
    get "/api/recommend/%C3%B1ew%2F1?n=2" | diff - new
    stop
}

@test "online equals offline, to the digit" {
    mkdir journal
    serve --model "$MODELS/one" --journal journal
    post /api/feedback '[{"UserId":"1","ItemId":"102","Value":1.5},{"UserId":"1","ItemId":"101","Value":2},
        {"UserId":"7","ItemId":"113","Value":5},{"UserId":"new","ItemId":"140","Value":4},{"UserId":"new","ItemId":"120","Value":1}]'
    for user in 1 7 new 42; do
        get "/api/recommend/$user?n=40" | jq -r --arg u $user '.[] | "\($u),\(.Id),\(.Score)"'
    done >online.lists
    for pair in 1/150 7/101 new/105 new/120 42/103; do
        get "/api/predict/$pair" | jq -r '"\(.UserId),\(.ItemId),\(.Score)"'
    done >online.pairs
    stop
    printf '1\n7\nnew\n42\n' | offline --ratings journal/*.rs --users - --lines none --top 40 |
        rs-view -f csv -c user,item,score | tail -n +2 | diff online.lists -
    printf 'user,item\n1,150\n7,101\nnew,105\nnew,120\n42,103\n' | rs-clean -q -o pairs.rs
    offline --ratings journal/*.rs --pairs pairs.rs |
        rs-view -f csv -c user,item,score | tail -n +2 | diff online.pairs -
    # tonight's matrix has what today's answers were made from
    rs-clean -q "$MODELS/ratings.rs" journal/*.rs | rs-matrix -q | rs-view -f csv --user new |
        tail -n +2 | cut -d, -f2,3 | diff - <(printf '120,1\n140,4\n')
}

@test "events with an id count once, and what is taken back is gone, in the journal too" {
    mkdir journal
    serve --model "$MODELS/one" --journal journal
    post /api/feedback '[{"UserId":"1","ItemId":"102","Value":1,"EventId":"a"},{"UserId":"1","ItemId":"103","Value":1,"EventId":"a"}]' |
        jq -e '.RowAffected == 1 and .Repeated == 1'
    post /api/feedback '[{"UserId":"1","ItemId":"102","Value":5,"EventId":"a"}]' | jq -e '.RowAffected == 0'
    get /api/user/1/feedback?n=100 | jq -e '[.[] | select(.ItemId == "102")] | .[0].Value == 1'
    get /api/user/1/feedback?n=100 | jq -e 'all(.[]; .ItemId != "103")'
    post /api/feedback '[{"UserId":"1","ItemId":"102","Value":2,"EventId":"b"}]' -X PUT | jq -e '.RowAffected == 1'
    curl -sS -X DELETE "$URL/api/feedback/1/102" | jq -e '.RowAffected == 1'
    curl -sS -X DELETE "$URL/api/feedback/1/102" | jq -e '.RowAffected == 0'
    curl -sS -X DELETE "$URL/api/user/2/feedback" | jq -e '.RowAffected == 18'
    get /api/user/2 | jq -e '.Ratings == 0'
    get "/api/recommend/2?n=1" | jq -e '.[0].Source == "popular"'
    stop
    serve --model "$MODELS/one" --journal journal
    post /api/feedback '[{"UserId":"1","ItemId":"102","Value":5,"EventId":"a"}]' | jq -e '.Repeated == 1'
    get /api/user/2 | jq -e '.Ratings == 0'
    post /api/feedback '[{"UserId":"2","ItemId":"103","Value":3}]'
    stop
    rs-clean -q "$MODELS/ratings.rs" journal/*.rs -o merged.rs
    assert_equal "$(rs-view -f csv -c item,rating --user 2 merged.rs)" $'item,rating\n103,3'
    assert_equal "$(rs-view -f csv -c item --user 1 merged.rs | grep -c 102)" 0
    assert_equal "$(rs-view -f csv merged.rs | wc -l)" $(($(rs-view -f csv "$MODELS/ratings.rs" | wc -l) - 18 + 1))
    # whoever would count the rows as ratings refuses them
    fails 65 rs-matrix journal/00000001.rs
}

@test "the first rating is a reason already, unless it is the worst there is" {
    serve --model "$MODELS/one"
    local value
    for value in 5 3 1; do
        post /api/feedback "[{\"UserId\":\"new-$value\",\"ItemId\":\"131\",\"Value\":$value}]"
        get "/api/recommend/new-$value?n=3" >list
        jq -e --argjson value $value 'length == 3 and all(.[]; .Source == "item" and
            if $value == 1 then .Because == [] else [.Because[] | [.Id, .Rating]] == [["131", $value]] end)' list
    done
    stop
}

@test "a session is answered from its ratings alone" {
    serve --model "$MODELS/one"
    post "/api/session/recommend?n=3" '[{"ItemId":"102","Value":5},{"ItemId":"105","Value":1},{"ItemId":"105","Value":4}]' >list
    jq -e 'length == 3 and all(.[]; .Source == "item" and .Id != "102" and .Id != "105")' list
    post /api/feedback '[{"UserId":"s","ItemId":"102","Value":5},{"UserId":"s","ItemId":"105","Value":4}]'
    get "/api/recommend/s?n=3" | diff - list
    post "/api/session/recommend?n=3" '[]' | jq -e 'all(.[]; .Source == "popular")'
    stop
}

# A folder whose model knows that the device matters and the mood does not, in the folder situated; made by the
# first of the tests that run at once.
situated() {
    (
        cd "$MODELS"
        flock 9
        [ ! -e situated ] || exit 0
        rs-synth -q --users 600 --items 800 -n 40000 --seed 5 -c device:values=3,strength=0.25 \
            -c mood:values=3,strength=0 -o planted.csv
        rs-clean -q planted.csv -o planted.rs \
            --columns user=user,item=item,rating=rating,time=timestamp,device=device,mood=mood
        rs-matrix -q --times planted.rs -o planted.matrix
        rs-context planted.matrix --ratings planted.rs -d device -d mood -o context.rs
        rs-factor -q planted.matrix --method mf -o mf.rs
        rs-factor -q planted.matrix --method ease -o ease.rs
        rs-model -q -m planted.matrix --predict mf=mf.rs --rank ease=ease.rs --context context.rs -o situated
    ) 9>"$MODELS/situated.lock"
}

# The answers of the server of model $1 to who has rated nothing new and who has, each with how its list was made.
answers_of() {
    serve --model "$MODELS/$1"
    local user item value
    user=$(rs-view --biases users -f csv "$MODELS/matrix.rs" | sed -n 4p | cut -d, -f1)
    item=$(get "/api/user/$user/feedback?n=1" | jq -r '.[0].ItemId')
    value=$(get "/api/user/$user/feedback?n=1" | jq -r '.[0].Value')
    ask() {
        echo "$1"
        get "/api/recommend/$1"
        metric 'lists_total{from="ready"}' >&3
    }
    local of="n=5&exclude=$(get "/api/recommend/$user?n=2" | jq -r 'map(.Id) | join(",")')"
    {
        for page in "" "?n=20" "?n=21" "?n=5&offset=15" "?n=5&offset=16" "?$of" "?$of&offset=13" "?$of&offset=14" \
            "?n=2&category=Comedy" "?n=100&category=Comedy"; do
            ask "$user$page"
        done
        post /api/feedback "[{\"UserId\":\"$user\",\"ItemId\":\"$item\",\"Value\":$((value % 5 + 1))}]" >rated
        ask "$user" # who has changed their mind,
        post /api/feedback "[{\"UserId\":\"$user\",\"ItemId\":\"$item\",\"Value\":$value}]" >rated
        ask "$user" # and back again,
        post /api/feedback "[{\"UserId\":\"$user\",\"ItemId\":\"unheard of\",\"Value\":1}]" >rated
        ask "$user?n=3" # of what the model does not know,
        ask nobody
        get "/api/popular"
        post "/api/session/recommend" '[{"ItemId":"5","Value":5}]'
    } 3>how >"answers.$1"
    stop
}

@test "what the batch listed is answered while ratings stay, and byte for byte what is computed" {
    rs-model -m "$MODELS/matrix.rs" --predict item="$MODELS/items.graph" --rank item="$MODELS/items.graph" \
        --neighbours "$MODELS/items.graph" --neighbours "$MODELS/users.graph" --lists 20 -o "$MODELS/listed"
    answers_of one
    assert_equal "$(sort -u how)" 0
    answers_of listed
    cmp answers.one answers.listed
    # Ready before and after each: ten, the whole list, more than that; to its end and beyond, without and with two left
    # out; few and all of a category; who changed their mind, and back; of what is unknown; a stranger.
    assert_equal "$(tr '\n' ' ' <how)" "2 3 3 4 4 5 6 6 7 7 7 8 9 9 "
}

@test "a situation moves lists and ratings, to the digit as rs-score does" {
    situated
    serve --model "$MODELS/situated"
    get "/api/recommend/17?n=40" >plain
    jq -e 'type == "array" and length == 40 and all(.[]; has("Moved") | not)' plain
    for device in 1 2; do
        get "/api/recommend/17?n=40&context=device:$device" >moved.$device
        jq -e --arg d $device '.Situation == {device: $d} and .Notes == [] and
            ([.Items[] | select(.Moved)] | length) == 40 and ([.Items[].Moved] | min < max)' moved.$device
        jq -r '.Items[] | "\(.Id),\(.Score)"' moved.$device >online
        echo 17 | rs-score -q --model "$MODELS/situated" --context device=$device --top 40 --users - --lines none |
            rs-view -f csv -c item,score | tail -n +2 | diff online -
        get "/api/predict/17/5?context=device:$device" |
            jq -r 'select(.Moved != 0 and .Situation.device) | "\(.UserId),\(.ItemId),\(.Score)"' >online
        printf 'user,item\n17,5\n' | rs-clean -q -o pair.rs
        rs-score -q --model "$MODELS/situated" --context device=$device --pairs pair.rs |
            rs-view -f csv -c user,item,score | tail -n +2 | diff online -
    done
    for pair in "plain moved.1" "moved.1 moved.2"; do
        for file in $pair; do jq -c '[(.Items? // .)[].Id]' $file; done >orders
        [ "$(sort -u orders | wc -l)" = 2 ] || fail "$pair: the same order"
    done
    # somebody new, with ratings of his own and without
    post "/api/session/recommend?n=5&context=device:2" '[{"ItemId":"5","Value":5},{"ItemId":"9","Value":1}]' |
        jq -e '.Situation.device == "2" and all(.Items[]; .Moved)'
    get "/api/recommend/nobody?n=3&context=device:2" |
        jq -e '(.Notes | length) == 1 and all(.Items[]; .Source == "popular" and (has("Moved") | not))'
    stop
}

@test "the cache tells situations apart, by what matters in them" {
    situated
    serve --model "$MODELS/situated"
    hits() { metric 'cache_requests_total{result="hit"}'; }
    get "/api/recommend/17?context=device:1" >first
    get "/api/recommend/17?context=device:2" >second
    get "/api/recommend/17" >third
    assert_equal "$(hits)" 0
    for _ in 1 2; do
        get "/api/recommend/17?context=device:1" | diff - first
        get "/api/recommend/17?context=device:2" | diff - second
        get "/api/recommend/17" | diff - third
    done
    assert_equal "$(hits)" 6
    # neither the mood nor the moment moves anything, which is said, of the moment only where it was
    for mood in 3 2; do
        get "/api/recommend/17?context=mood:$mood&context=device:2&at=200$mood-02-03T04:05:06Z" >idle.$mood
    done
    assert_equal "$(hits)" 7
    diff idle.2 idle.3
    jq -e --slurpfile second second '.Notes == ["context mood moves no lists", "at moves no lists"] and
        .Items == $second[0].Items and .Situation == $second[0].Situation' idle.2
    get "/api/predict/17/5?context=mood:1" | jq -e '.Notes == ["context mood moves no expected ratings"]'
    get /api/model | jq -e '.Context == [{"Name": "device", "Source": "rating", "Lists": true, "Ratings": true,
        "Values": ["1", "2", "3"]}] and .Neighbors == {"Items": false, "Users": false}'
    get "/api/predict/17/5?context=device:1" >first
    get "/api/predict/17/5?context=device:2" >second
    [ "$(jq .Score first)" != "$(jq .Score second)" ]
    # notes are part of an answer
    get "/api/recommend/17?context=device:9" >ninth
    get "/api/recommend/17?context=device:8" | jq -e '.Notes == ["context device=8 is not known and left out"]'
    jq -e --slurpfile plain third '.Notes == ["context device=9 is not known and left out"] and .Situation == {} and
        .Items == $plain[0]' ninth
    stop
}

@test "the moment gives the hour; what is no situation is refused or noted" {
    # at night everybody likes what is even, at noon what is odd
    awk 'BEGIN { print "user,item,rating,timestamp"; for (u = 1; u <= 80; u++) for (i = 1; i <= 30; i++) {
        if ((u * 7 + i * 5) % 3 == 0) continue
        night = (u + int(i / 2)) % 2
        printf "%d,%d,%d,%d\n", u, i, (i % 2 != night) ? 5 : 2, 86400 * (11000 + (u * i) % 300) + (night ? 1 : 13) * 3600
        } }' | rs-clean -q - -o clock.rs
    rs-matrix -q --times clock.rs -o clock.matrix
    rs-context -q clock.matrix -d hour -o clock.context
    rs-model -q -m clock.matrix --predict baseline --rank popular --context clock.context -o clock
    serve --model clock
    get "/api/predict/1/3?at=2026-11-24T01:30:00Z" >night
    get "/api/predict/1/3?at=2026-11-24T13:30:00%2B00:00" >noon
    jq -e '.Situation.hour == "1" and .Moved' night
    jq -e '.Situation.hour == "13" and .Moved' noon
    [ "$(jq .Score night)" != "$(jq .Score noon)" ]
    get "/api/predict/1/3?context=hour:13" | jq -e --slurpfile noon noon '.Score == $noon[0].Score'
    refused 400 'at is no time' '/api/recommend/1?at=yesterday'
    refused 400 'at is empty' '/api/predict/1/3?at='
    refused 400 'at .*hex digits' '/api/recommend/1?at=%2'
    refused 400 'context is not NAME:VALUE' '/api/recommend/1?context=hour'
    refused 400 'in context is empty' '/api/recommend/1?context=hour:'
    refused 400 'in context is not UTF-8' '/api/recommend/1?context=hour:%ff'
    refused 400 'more than 16' "/api/recommend/1?context=$(printf 'a:b,%.0s' $(seq 16))a:b"
    get "/api/recommend/1?context=weather:rain,hour:25" | jq -e '.Notes ==
        ["context weather is not known and left out", "context hour=25 is not known and left out"]'
    stop
    # a folder without such a model takes it all, and says so
    serve --model "$MODELS/one"
    get "/api/recommend/1?n=3" >plain
    get "/api/recommend/1?n=3&context=device:2&at=2026-11-24" | jq -e --slurpfile plain plain \
        '.Items == $plain[0] and .Situation == {} and .Notes == ["the model has no context, nothing is moved"]'
    get "/api/predict/1/102?context=device:2" | jq -e '(.Notes | length) == 1 and (has("Moved") | not)'
    refused 400 'at is no time' '/api/recommend/1?at=yesterday'
    stop
}

@test "expected ratings are explained" {
    serve --model "$MODELS/one"
    get /api/explain/1/102?n=3 >why
    jq -e '.Score == .Rating and .Support > 0 and (.Because | length) == 3 and all(.Because[]; .Title and .Rating >= 3 and .Similarity > 0)' why
    get /api/predict/1/102 | jq -e --slurpfile why why '.Score == $why[0].Score'
    get /api/predict/1/unknown | jq -e '.Source == "user-bias"'
    get /api/predict/nobody/101 | jq -e '.Source == "item-bias"'
    get /api/predict/nobody/unknown | jq -e '.Source == "global-mean"'
    stop
}

@test "answers are kept while they hold, and clients are told when theirs do" {
    serve --model "$MODELS/one"
    tag=$(get /api/recommend/1 -o first -D - | sed -n 's/^ETag: \(.*\)\r/\1/p')
    [ -n "$tag" ]
    assert_equal "$(metric 'cache_requests_total{result="hit"}')" 0
    get /api/recommend/1 | diff - first
    assert_equal "$(metric 'cache_requests_total{result="hit"}')" 1
    assert_equal "$(status /api/recommend/1 -H "If-None-Match: $tag")" 304
    [ ! -s answer ] || [ "$(cat answer)" = "" ]
    post /api/feedback '[{"UserId":"2","ItemId":"101","Value":1}]'
    assert_equal "$(status /api/recommend/1 -H "If-None-Match: $tag")" 304
    post /api/feedback '[{"UserId":"1","ItemId":"102","Value":1}]'
    assert_equal "$(status /api/recommend/1 -H "If-None-Match: $tag")" 200
    # what is popular holds until anybody says something
    tag=$(get /api/popular -o first -D - | sed -n 's/^ETag: \(.*\)\r/\1/p')
    assert_equal "$(status /api/popular -H "If-None-Match: $tag")" 304
    # an id that the client gives its request comes back, on shared answers too
    assert_equal "$(get /api/recommend/1 -H 'X-Request-ID: me-1' -o same -D - | sed -n 's/^X-Request-ID: \(.*\)\r/\1/p')" me-1
    get /api/recommend/1 | diff - same
    stop
    # a small cache drops what was not used, and answers all the same
    serve --model "$MODELS/one" --cache 100K
    for user in $(seq 60); do get "/api/recommend/$user" >/dev/null; done
    [ "$(metric cache_bytes)" -le 102400 ]
    [ "$(metric cache_evicted_total)" -gt 0 ]
    stop
}

@test "keys open what they are for and are not told to anybody" {
    printf '# ours\nread 0123456789abcdef-read\nwrite fedcba9876543210-write\n' >keys
    serve --model "$MODELS/one" --keys keys -v
    refused 401 "X-API-Key is missing" /api/recommend/1
    refused 401 "not known" /api/recommend/1 -H 'X-API-Key: 0123456789abcdef-reae'
    refused 401 "not known" /api/recommend/1 -H 'X-API-Key: 0123456789abcdef'
    refused 401 "missing" /metrics
    assert_equal "$(status /api/recommend/1 -H 'X-API-Key: 0123456789abcdef-read')" 200
    assert_equal "$(status /api/recommend/1 -H 'X-API-Key: fedcba9876543210-write')" 200
    event='[{"UserId":"1","ItemId":"102","Value":1}]'
    refused 403 "may not write" /api/feedback -H "$JSON" -d "$event" -H 'X-API-Key: 0123456789abcdef-read'
    assert_equal "$(status /api/feedback -H "$JSON" -d "$event" -H 'X-API-Key: fedcba9876543210-write')" 200
    for free in /api/health/live /api/health/ready /api/openapi.json /; do
        assert_equal "$(status $free)" 200
    done
    stop
    run -1 grep -E '0123456789|fedcba' serve.out serve.err
    printf 'read short\n' >bad
    fails 65 rs-serve --model "$MODELS/one" --keys bad
    assert_equal "$stderr" "rs-serve: bad:1: a key has 16 to 128 bytes"
    printf 'admin 0123456789abcdef\n' >bad
    fails 65 rs-serve --model "$MODELS/one" --keys bad
    fails 66 rs-serve --model "$MODELS/one" --keys nowhere
    fails 64 rs-serve --model "$MODELS/one" --listen 0.0.0.0:0
    fails 64 rs-serve --model "$MODELS/one" --listen nonsense
    fails 64 rs-serve
}

@test "bad input gets its code and its reason" {
    serve --model "$MODELS/one" --max-body 2000
    refused 404 "no such resource" /nothing
    refused 404 "no such resource" /api/recommend
    refused 404 "no such resource" /api/../../etc/passwd
    refused 404 "no such resource" /page.js/../../etc/passwd
    refused 404 "does not know" /api/item/..%2F..%2Fetc%2Fpasswd
    refused 404 "no such resource" "/$(printf 'a/%.0s' {1..20})"
    refused 400 "holds a NUL byte" /api/item/1%00
    refused 400 "is not UTF-8" /api/item/%FF
    refused 400 "without two hex digits" /api/item/1%2
    refused 400 "without two hex digits" /api/item/%zz
    refused 400 "longer than 1024" "/api/item/$(printf 'x%.0s' {1..1100})"
    refused 400 "an id in the path is empty" /api/item//
    refused 405 "takes GET, HEAD" /api/popular -X POST -H "$JSON" -d '[]'
    refused 405 "takes POST, PUT" /api/feedback
    refused 405 "takes" /api/popular -X PATCH
    refused 405 "takes" /api/popular -X OPTIONS
    for n in 0 -1 x 1001 1.5 99999999999999999999999; do refused 400 "n is not a whole number" "/api/popular?n=$n"; done
    refused 400 "offset is not" "/api/popular?offset=10001"
    refused 400 "category holds a NUL" "/api/popular?category=%00"
    refused 400 "exclude is not UTF-8" "/api/popular?exclude=1,%FF"
    refused 414 "URL has more" "/api/popular?x=$(printf 'x%.0s' {1..5000})"
    refused 414 "URL has more" "/api/popular?$(printf 'x=1&%.0s' {1..40})"
    refused 403 "no name of this machine" /api/popular -H 'Host: attacker.example'
    refused 415 "not application/json" /api/feedback -d '[]'
    refused 413 "more than 2000 bytes" /api/feedback -H "$JSON" -d "$(printf '%3000s')"
    refused 413 "more than 2000 bytes" /api/feedback -H "$JSON" -H 'Transfer-Encoding: chunked' -d "$(printf '%3000s')"
    bad() { refused 400 "$1" /api/feedback -H "$JSON" -d "$2"; }
    bad "body is empty" ""
    bad "not JSON: line 1" '[{'
    bad "not JSON" '[{"UserId":"1","UserId":"2"}]'
    bad "not JSON" "$(printf '[%.0s' {1..1900})"
    bad "not JSON" '["\u0000"]'
    bad "not JSON" $'["\xff"]'
    bad "not an array" '{"UserId":"1"}'
    bad "event 1: is not an object" '[1]'
    bad "event 1: UserId is missing" '[{"ItemId":"101","Value":1}]'
    bad "event 1: UserId is empty" '[{"UserId":"","ItemId":"101","Value":1}]'
    bad "event 1: ItemId is not a string" '[{"UserId":"1","ItemId":101,"Value":1}]'
    bad "event 2: Value is missing" '[{"UserId":"1","ItemId":"101","Value":1},{"UserId":"1","ItemId":"101"}]'
    bad "event 1: Value is not a number" '[{"UserId":"1","ItemId":"101","Value":"5"}]'
    bad "event 1: Value 6 is outside the scale 1..5" '[{"UserId":"1","ItemId":"101","Value":6}]'
    bad "event 1: Value 0 is outside" '[{"UserId":"1","ItemId":"101","Value":0}]'
    bad "event 1: Timestamp lies in the future" '[{"UserId":"1","ItemId":"101","Value":1,"Timestamp":"2999-01-01"}]'
    bad "event 1: Timestamp is not a time" '[{"UserId":"1","ItemId":"101","Value":1,"Timestamp":"yesterday"}]'
    bad "event 1: Timestamp is not a time" '[{"UserId":"1","ItemId":"101","Value":1,"Timestamp":[]}]'
    bad "event 1: EventId is not a string" '[{"UserId":"1","ItemId":"101","Value":1,"EventId":7}]'
    bad "event 1: EventId is longer" "[{\"UserId\":\"1\",\"ItemId\":\"101\",\"Value\":1,\"EventId\":\"$(printf 'x%.0s' {1..300})\"}]"
    # nothing of it counted
    assert_equal "$(metric 'feedback_events_total{result="accepted"}')" 0
    stop
    serve --model "$MODELS/one" --refuse-unknown
    bad "event 1: the model does not know the item" '[{"UserId":"1","ItemId":"new","Value":1}]'
    stop
}

@test "half-sent, pipelined, slow and odd requests" {
    serve --model "$MODELS/one" --timeout 1 --connections 20
    talk() {
        exec 9<>"/dev/tcp/127.0.0.1/$PORT"
        printf "$1" >&9 || true
        timeout 1 cat <&9 || true
        exec 9>&-
    }
    talk 'GET /api/popular?n=1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /api/popular?n=2 HTTP/1.1\r\nHost: localhost\r\n\r\n' >both
    assert_equal "$(grep -c '^HTTP/1.1 200' both)" 2
    # what is no HTTP, or longer than anything may be, never gets past the library: it has its JSON all the same
    while read -r code reason request; do
        talk "$request" >odd
        grep -q "^HTTP/1.1 $code" odd
        grep -qi '^Content-Type: application/json' odd
        tail -n 1 odd | jq -e --argjson code "$code" --arg reason "${reason//_/ }" \
            '.code == $code and (.error | contains($reason)) and .request_id != ""'
    done <<'END'
400 is_not_HTTP GET /api/popular HTTP/x.y\r\n\r\n
400 is_not_HTTP GET /api/popular HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n
400 is_not_HTTP POST /api/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n
400 is_not_HTTP POST /api/feedback HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n
413 body_is_too_large POST /api/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n
505 version_of_HTTP GET /api/popular HTTP/0.9\r\n\r\n
END
    refused 414 "URL has more" "/$(printf 'x%.0s' {1..40000})"
    refused 431 "headers have more than 8192 bytes" /api/popular -H "X: $(printf 'x%.0s' {1..40000})"
    assert_equal "$(metric malformed_requests_total)" 8
    talk 'nonsense\r\n\r\n' >odd
    run -1 grep -q '^HTTP/1.1 2' odd
    refused 431 "headers have more than 8192 bytes" /api/popular -H "X: $(printf 'x%.0s' {1..9000})"
    refused 501 "other than chunked" /api/feedback -H "$JSON" -H 'Transfer-Encoding: gzip' -X POST
    talk 'GET /api/popular HTTP/1.1\r\n\r\n' >odd
    grep -q '"error":"the header Host is missing","code":400' odd
    # who is gone before the answer is computed
    for i in $(seq 20); do
        exec 9<>"/dev/tcp/127.0.0.1/$PORT"
        printf "GET /api/popular?n=$i HTTP/1.1\r\nHost: localhost\r\n\r\n" >&9
        exec 9>&-
    done
    # twenty who send half a request keep nobody waiting for longer than the timeout
    for i in $(seq 20); do
        (exec 9<>"/dev/tcp/127.0.0.1/$PORT"; printf 'POST /api/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n[' >&9
            for j in 1 2 3 4 5 6; do sleep 0.5; printf ' ' >&9 || break; done) 2>/dev/null 3>&- &
    done
    sleep 3
    assert_equal "$(status /api/popular)" 200
    [ "$(metric late_connections_total)" -gt 0 ]
    stop
}

@test "connections are dealt out to all threads, and who finds no room waits for it" {
    serve --model "$MODELS/one" --connections 8 -t 4 # half as many carry connections as compute
    local sockets=() one
    for _ in $(seq 8); do
        exec {one}<>"/dev/tcp/127.0.0.1/$PORT"
        sockets+=("$one")
        printf 'GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$one"
        read -r -t 5 line <&"$one"
        [[ $line == "HTTP/1.1 200"* ]]
    done
    # clients that each thread waits for
    for queue in "/proc/$PID/fdinfo"/*; do
        for socket in $(sed -n 's/^tfd: *\([0-9]*\) .*/\1/p' "$queue"); do readlink "/proc/$PID/fd/$socket"; done |
            grep -c '^socket:' || true
    done | grep -v '^0$' >shares
    assert_equal "$(cat shares)" $'4\n4'
    run curl -sS -m 1 -o answer "$URL/api/health/live"
    assert_equal "$status" 28
    exec {one}>&-
    assert_equal "$(curl -sS -m 5 -o answer -w '%{http_code}' "$URL/api/health/live")" 200
    for one in "${sockets[@]}"; do exec {one}>&-; done
    stop
}

@test "kill -9 under load loses nothing that was acknowledged and doubles nothing" {
    run -0 "$ROOT/tests/serve/kill.py" "$MODELS/one" journal 12
    assert_output --regexp '^12 kills, .* 0 lost, 0 twice, last exit 0$'
}

@test "a torn tail is cut off and told; damage before it, another server and no folder are errors" {
    mkdir journal
    serve --model "$MODELS/one" --journal journal
    for item in 102 103 104; do post /api/feedback "[{\"UserId\":\"x\",\"ItemId\":\"$item\",\"Value\":4}]"; done
    fails 75 rs-serve --model "$MODELS/one" --journal journal --listen 127.0.0.1:0
    stop
    cp journal/00000001.rs whole
    size=$(stat -c %s whole)
    for cut in 1 100 $((size / 3 - 1)); do
        cp whole journal/00000001.rs
        truncate -s -$cut journal/00000001.rs
        serve --model "$MODELS/one" --journal journal
        get /api/user/x | jq -e '.Ratings == 2'
        grep -qE '^rs-serve: warning: journal/00000001.rs: cut off [0-9]+ bytes behind the last whole group' serve.err
        post /api/feedback '[{"UserId":"x","ItemId":"105","Value":4}]'
        stop
        serve --model "$MODELS/one" --journal journal
        get /api/user/x | jq -e '.Ratings == 3'
        [ ! -s serve.err ]
        stop
    done
    cp whole journal/00000001.rs
    printf 'garbage that a disk left' >>journal/00000001.rs
    serve --model "$MODELS/one" --journal journal
    get /api/user/x | jq -e '.Ratings == 3'
    stop
    cmp whole journal/00000001.rs
    printf x | dd of=journal/00000001.rs bs=1 seek=$((size / 2)) conv=notrunc status=none
    fails 65 rs-serve --model "$MODELS/one" --journal journal --listen 127.0.0.1:0
    fails 66 rs-serve --model "$MODELS/one" --journal nowhere --listen 127.0.0.1:0
}

@test "a full disk refuses feedback, loses nothing and goes on when there is room" {
    mkdir journal
    ulimit -f 8 # blocks of 1024 bytes
    trap '' XFSZ
    serve --model "$MODELS/one" --journal journal
    code=200 n=0
    while [ "$code" = 200 ] && [ $n -lt 50 ]; do
        code=$(status /api/feedback -H "$JSON" -d "[{\"UserId\":\"x\",\"ItemId\":\"i$n\",\"Value\":4,\"EventId\":\"e$n\"}]")
        n=$((n + 1))
    done
    assert_equal "$code" 503
    jq -e '.error | test("nothing was accepted")' answer
    get /api/user/x/feedback?n=100 | jq -e "length == $((n - 1))"
    # the next file has room again
    post /api/feedback "[{\"UserId\":\"x\",\"ItemId\":\"i$((n - 1))\",\"Value\":4,\"EventId\":\"e$((n - 1))\"}]" |
        jq -e '.RowAffected == 1'
    stop
    serve --model "$MODELS/one" --journal journal
    get /api/user/x/feedback?n=100 | jq -e "length == $n"
    stop
}

@test "another model takes over without a failed request; a broken one does not" {
    ln -s "$MODELS/one" model
    mkdir journal
    serve --model model --journal journal
    post /api/feedback '[{"UserId":"n","ItemId":"102","Value":5}]'
    digest() { get /api/health/ready | jq -r .Model; }
    one=$(digest)
    (for i in $(seq 400); do curl -sS -o /dev/null -w '%{http_code}\n' "$URL/api/recommend/$((i % 100))"; done >codes) 3>&- &
    load=$!
    rs-model --publish model "$MODELS/two"
    tries=0
    until [ "$(digest)" != "$one" ]; do sleep 0.05; tries=$((tries + 1)); [ $tries -lt 100 ]; done
    get "/api/recommend/1?n=1" | jq -e '.[0].Source == "user"'
    get "/api/recommend/n?n=1" | jq -e '.[0].Source == "user"'
    two=$(digest)
    # broken: kept out, and said
    cp -r "$MODELS/one" broken
    part=$(find broken -name 'item*' | head -n 1)
    chmod u+w "$part"
    printf x | dd of="$part" bs=1 seek=5000 conv=notrunc status=none
    ln -s broken next && mv -T next model
    tries=0
    until [ -s serve.err ]; do sleep 0.05; tries=$((tries + 1)); [ $tries -lt 100 ]; done
    grep -q 'the model in use stays$' serve.err
    assert_equal "$(digest)" "$two"
    [ "$(metric model_swaps_total)" = 1 ]
    [ "$(metric model_swaps_failed_total)" = 1 ]
    # by hand
    ln -s "$MODELS/one" next && mv -T next model
    kill -HUP "$PID"
    tries=0
    until [ "$(digest)" = "$one" ]; do sleep 0.05; tries=$((tries + 1)); [ $tries -lt 100 ]; done
    wait $load
    assert_equal "$(sort codes | uniq -c | tr -s ' ')" " 400 200"
    stop
}

@test "a model that knows the journal's events takes them over" {
    mkdir journal
    ln -s "$MODELS/one" model
    serve --model model --journal journal
    post /api/feedback '[{"UserId":"n","ItemId":"102","Value":5},{"UserId":"n","ItemId":"brand new","Value":4},{"UserId":"1","ItemId":"101","Value":1}]'
    assert_equal "$(metric feedback_kept)" 3
    popular=$(get /api/item/102 | jq .Ratings)
    rs-clean -q "$MODELS/ratings.rs" journal/*.rs | rs-matrix -q --times -o next.matrix
    rs-sim next.matrix --side item --metric cosine --over full -k 20 -o next.graph
    rs-model -m next.matrix --rank item=next.graph --neighbours next.graph -o next
    rs-model --publish model next
    tries=0
    until [ "$(metric feedback_kept)" = 0 ]; do sleep 0.05; tries=$((tries + 1)); [ $tries -lt 100 ]; done
    get /api/item/102 | jq -e ".Ratings == $popular"
    get /api/user/n/feedback | jq -e 'length == 2'
    get /api/item/brand%20new | jq -e '.Ratings == 1'
    stop
}

@test "SIGTERM finishes what is in flight" {
    mkdir journal
    serve --model "$MODELS/one" --journal journal
    for i in 1 2 3 4 5 6; do
        (for j in $(seq 30); do
            curl -sS -o /dev/null -w '%{http_code}\n' "$URL/api/feedback" -H "$JSON" \
                -d "[{\"UserId\":\"u$i\",\"ItemId\":\"i$j\",\"Value\":4}]" 2>/dev/null || break
        done) 3>&- >"codes.$i" &
    done
    timeout 20 bash -c 'until grep -qsx 200 codes.*; do sleep 0.02; done'
    stop
    wait
    [ "$(cat codes.* | grep -v '^000$' | sort -u)" = 200 ]
    assert_equal "$(rs-view -f csv journal/*.rs | tail -n +2 | wc -l)" "$(cat codes.* | grep -c 200)"
}

@test "the description names what there is" {
    serve --model "$MODELS/one"
    rs-serve --openapi >described
    get /api/openapi.json | diff - described
    jq -r '.paths | keys[]' described | while read -r path; do
        code=$(status "$(sed 's/{user}/1/; s/{item}/102/; s/{id}/101/' <<<"$path")" -X PATCH)
        [ "$code" = 405 ] || fail "$path: $code"
    done
    # and every route is in it, with its method
    sed -n 's/^    {"\([A-Z]* \/[^"]*\)".*/\1/p' "$ROOT/tools/rs-serve/api.c" | grep -v ' /page' | sort >routes
    [ "$(wc -l <routes)" -gt 20 ]
    jq -r '.paths | to_entries[] | .key as $path | .value | keys[] | ascii_upcase + " " + $path' described |
        sed 's/{[a-z]*}/{}/g' | sort | diff routes -
    jq -e '.paths["/api/recommend/{user}"].get.parameters | map(.name) == ["user","n","offset","category","exclude","mmr","at","context"]' described
    stop
}

@test "it gives up its rights, and its unit is in order" {
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    sed "s|/usr/local/bin/rs-serve|$(command -v rs-serve)|; /^Documentation/d" "$ROOT/pipelines/package/rs-serve.service" >rs-serve.service
    run -0 systemd-analyze verify ./rs-serve.service
    assert_output ""
    [ "$(id -u)" = 0 ] || skip "not root"
    mkdir journal
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$MODELS" "$MODELS"/one "$PWD/.." .
    chown nobody journal .
    serve --model "$MODELS/one" --journal journal --user nobody
    assert_equal "$(stat -c %U "/proc/$PID")" nobody
    grep -q '^NoNewPrivs:.*1' "/proc/$PID/status"
    grep -q '^CapEff:.*0000000000000000' "/proc/$PID/status"
    post /api/feedback '[{"UserId":"1","ItemId":"102","Value":5}]' | jq -e '.RowAffected == 1'
    stop
    fails 67 rs-serve --model "$MODELS/one" --user no-such-user --listen 127.0.0.1:0
}

@test "metrics are what Prometheus reads" {
    serve --model "$MODELS/one"
    get /api/recommend/1 >/dev/null
    refused 404 "no such" /nothing
    get /metrics >metrics
    grep -q '^rs_requests_total{api="GET /api/recommend/{}",status="2xx"} 1$' metrics
    grep -q '^rs_requests_total{api="other",status="4xx"} 1$' metrics
    grep -q '^rs_request_seconds_bucket{api="GET /api/recommend/{}",le="+Inf"} 1$' metrics
    grep -q "^rs_model_ratings $(rs-view --header "$MODELS/one/matrix.rs" | head -n 1 | jq .ratings)\$" metrics
    run -1 grep -vE '^(# (HELP|TYPE) rs_[a-z_]+ .+|rs_[a-z_]+(\{[^}]*(\{\}[^}]*)*\})? [-+0-9.e]+)$' metrics
    stop
}
