# rs-clean: every form of text, every option, every way to be wrong.

setup() {
    load helper
    _common_setup
}

# What rs-clean makes of its arguments, as CSV without the header line.
clean() {
    rs-clean "$@" >out.rs || return
    rs-view --check out.rs || return
    rs-view -f csv out.rs | tail -n +2
}

# check EXPECTED ARGUMENT...: rs-clean says nothing and gives these rows.
check() {
    local expected=$1
    shift
    run -0 --separate-stderr clean "$@"
    assert_equal "$output" "$expected"
    assert_equal "$stderr" ""
}

# refuses CODE MESSAGE ARGUMENT...
refuses() {
    local code=$1 message=$2
    shift 2
    fails "$code" rs-clean "$@"
    assert_equal "$stderr" "rs-clean: $message"
}

header() {
    rs-view --header out.rs
}

# Forms

@test "tabs without a header" {
    check "7,31,3,1997-11-20T04:26:41Z
8,32,2,1997-11-20T04:26:42Z
7,32,1,1997-11-20T04:26:43Z" "$FIXTURES/good-100k.data"
}

@test "commas with a header and CRLF" {
    check "1,10,4,2001-09-09T01:46:40Z
1,30,4.5,2001-09-09T01:47:40Z
2,10,0.5,2001-09-09T01:48:40Z" "$FIXTURES/good-latest.csv"
}

@test "two colons" {
    check "1,10,5,2000-09-26T20:26:40Z
1,20,3,2000-09-26T20:27:40Z
2,10,4,2000-09-26T20:28:40Z" "$FIXTURES/good-1m.dat"
}

@test "JSON lines, and the CSV made of them" {
    check "A1X,0001112223,5,2014-01-17T23:06:40Z
A2Y,B0002,4,2013-02-04T17:46:40Z" "$FIXTURES/good-amazon.json"
    check "A1X,0001112223,5,2014-01-17T23:06:40Z
A2Y,0001112223,5,2013-02-04T17:46:40Z
A3Z,B0002,3,2013-05-31T11:33:20Z" "$FIXTURES/good-amazon.csv"
    check "A1X,0001112223,5
A2Y,B0002,4" --columns user=reviewerID,item=asin,rating=overall "$FIXTURES/good-amazon.json"
}

@test "runs of blanks" {
    check "1,1,2
1,2,4
2,1,3.5" "$FIXTURES/good-spaces.txt"
}

@test "semicolons, everything quoted, Latin-1" {
    check '27,034500000X,0
28,0155000000,5
29,"Müller \""2\""",8' "$FIXTURES/good-books.csv"
}

@test "decimal commas" {
    check "1,7,3.5
2,7,4
3,8,2.5" "$FIXTURES/good-decimal-comma.csv"
    check "3,8,2" --decimal point --max-rejects 50% --quiet <(printf '1;7;3,5\n3;8;2\n')
    check "1,7,3.5" --decimal comma <(printf '1;7;3,5\n')
}

@test "bars" {
    check "u1,i1,5
u1,i2,3
u2,i1,4" "$FIXTURES/good-pipes.txt"
}

@test "quotes: commas, quotes and line ends in ids" {
    check '"Smith, Ann","tea ""strong""",4
Bob,"two
lines",3
"Smith, Ann","5"" pipe",2' "$FIXTURES/good-quotes.csv"
}

@test "quotes that are part of a name" {
    check '1,"""Wild Al"" Jones",5
1,"""Heroines",4
2,"Al da 5'"'"'9""",3
2,quoted,2' "$FIXTURES/good-strange-quotes.tsv"
}

@test "byte order marks and encodings" {
    check "1,2,3
2,2,4" "$FIXTURES/good-bom.csv"
    check "1,Amélie,3
2,Zoë,4" "$FIXTURES/good-utf16.csv"
    check "1,Amélie,3
2,Zoë,4" "$FIXTURES/good-latin1.csv"
    check "1,2,3
2,3,4" --encoding UTF-16LE "$FIXTURES/bad-utf16.csv"
    check "1,€,3" --encoding CP1252 <(printf '1,\x80,3\n')
}

@test "lines that end in CR, or not at all" {
    check "1,2,3
2,2,4" "$FIXTURES/good-old-mac.csv"
    check "1,2,3
2,2,4" "$FIXTURES/good-no-end.csv"
}

@test "blank lines anywhere" {
    check "1,2,3
2,2,4" "$FIXTURES/good-blank-lines.csv"
}

@test "clicks and counts are implicit" {
    check "ann,tea,1
ann,milk,1
bob,tea,1" "$FIXTURES/good-clicks.csv"
    run -0 header
    assert_line --partial '"feedback":"implicit"'
    check "2,51,1388
2,52,1169
3,51,228" "$FIXTURES/good-plays.dat"
    run -0 header
    assert_line --partial '"feedback":"implicit"'
}

@test "ISO 8601, milliseconds, a time that is missing" {
    check "1,2,3,2014-02-28T00:00:00Z
2,2,4,2014-02-28T12:45:30.500Z
3,2,5," "$FIXTURES/good-iso-times.csv"
    check "A,B2,5,2020-05-05T14:08:48.923Z
B,B3,4,2020-05-05T14:08:48Z" "$FIXTURES/good-milliseconds.csv"
}

@test "columns of row numbers" {
    check "1,10,3
1,11,4" "$FIXTURES/good-index.csv"
    check "1,10,3
1,11,4" "$FIXTURES/good-r-table.txt"
}

@test "standard input, - and several files as one" {
    check "1,2,3
2,2,4" <"$FIXTURES/good-no-end.csv"
    check "1,2,3
2,2,4
1,2,3
2,2,4
ann,9,1" "$FIXTURES/good-bom.csv" - <(printf 'ann,9,1\n') <"$FIXTURES/good-no-end.csv"
}

@test "one rating, one user, one item, all equal" {
    check "1,2,3" <(printf '1,2,3\n')
    check "1,2,3
1,3,3" <(printf '1,2,3\n1,3,3\n')
    check "1,2,3
2,2,3" <(printf '1,2,3\n2,2,3\n')
}

@test "ids of ten thousand bytes are taken, longer than 65535 are not" {
    long() { head -c "$1" /dev/zero | tr '\0' x; echo ",1,4"; }
    { long 10000; echo 1,2,3; long 65536; long 65535; } >long.csv
    run -0 --separate-stderr clean long.csv
    assert_equal "${#lines[@]}" 3
    assert_equal "${#lines[0]}" 10004
    assert_equal "${#lines[2]}" 65539
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, unusable user; the first at \
long.csv:3: user of 65536 bytes is longer than 65535"
}

@test "integers are ids like all others" {
    check "007,1,3
7,1,3
4194303,+7,3
4194304,-7,3
99999999999999999999,1e3,3" \
        <(printf '007,1,3\n7,1,3\n4194303,+7,3\n4194304,-7,3\n99999999999999999999,1e3,3\n')
    run -0 header
    assert_line --partial '"users":5,"items":4'
}

@test "real data needs no option" {
    local file
    for file in ml-100k/u.data ml-latest-small/ratings.csv filmtrust/ratings.txt \
        amazon-musical-instruments-5core-2014/Musical_Instruments.json \
        amazon-musical-instruments-5core-2014/ratings.csv \
        hetrec2011-lastfm-2k/user_artists.dat; do
        require_data "$file"
        run -0 --separate-stderr rs-clean "$DATA" -o out.rs
        assert_equal "$stderr" ""
        rs-view --header out.rs | sed -n 's/.*"rows":\([0-9]*\),"users":\([0-9]*\),"items":\([0-9]*\).*/\1 \2 \3/p'
    done >found
    assert_equal "$(cat found)" "100000 943 1682
100836 610 9724
35497 1508 2071
10261 1429 900
10261 1429 900
92834 1892 17632"
}

# Options of form

@test "--columns by place, by name, by number" {
    printf 'grade,who,what,year\n3,ann,tea,2001\n4,bob,milk,2002\n' >odd.csv
    check "ann,tea,3
bob,milk,4" --columns rating,user,item odd.csv
    check "ann,tea,3
bob,milk,4" --columns user=who,item=what,rating=grade odd.csv
    check "ann,tea,3
bob,milk,4" --columns user=2,item=3,rating=1 odd.csv
    check "tea,ann,1
milk,bob,1" --columns=-,item,user odd.csv
    refuses 64 "--columns: there is no column 'whom'" --columns user=whom,item=what odd.csv
    refuses 64 "--columns: there is no column '5'" --columns user=5,item=what odd.csv
    refuses 64 "--columns: there is no column 'who' because there is no header" \
        --columns user=who,item=what "$FIXTURES/good-no-end.csv"
    refuses 64 "--columns: needs both user and item" --columns user,rating odd.csv
    refuses 64 "--columns: an empty name; write '-' to ignore one" --columns user,,item odd.csv
    refuses 64 "--columns: '*' is for --wide" --columns 'user,item,*' odd.csv
    refuses 65 "odd.csv: has 4 columns, too few for --columns user,item,rating,time,place" \
        --columns user,item,rating,time,place odd.csv
    refuses 64 "--columns: JSON has no places: write user=KEY" --columns user,item \
        "$FIXTURES/good-amazon.json"
}

@test "what names leave open stands by place" {
    check "ann,tea,3" <(printf 'person,drink,grade\nann,tea,3\n')
    check "ann,tea,3" <(printf 'title,user,mark\ntea,ann,3\n')
}

@test "context columns" {
    run -0 clean --columns user,item,rating,device,mood "$FIXTURES/good-contexts.csv"
    run -0 rs-view out.rs
    assert_output '{"user":"1","item":"10","rating":3,"device":"phone","mood":"glad"}
{"user":"1","item":"11","rating":4,"device":null,"mood":"sad"}
{"user":"2","item":"10","rating":5,"device":"tablet","mood":"glad"}'
    run -0 clean --columns user=user,item=item,mood=mood --dedupe last "$FIXTURES/good-contexts.csv"
    run -0 rs-view out.rs
    assert_line --index 2 '{"user":"2","item":"10","rating":1,"mood":"glad"}'
    local many
    many=$(seq -f 'c%.0f=rating' -s, 1 17)
    refuses 64 "--columns: more than 16 context columns" --columns "user,item,$many" \
        "$FIXTURES/good-contexts.csv"
}

@test "--delimiter, --header, --skip" {
    check "1,2,3" --delimiter '#' <(printf '1#2#3\n')
    check "1,2,3" --delimiter '||' <(printf '1||2||3\n')
    check "1,2,3" --delimiter tab <(printf '1\t2\t3\n')
    check "1,2,3" --delimiter space <(printf '1  2 3\n')
    check "1,2,3" --delimiter json <(printf '\n{"user":1,"item":2,"rating":3}\n')
    refuses 64 "--delimiter: 'abc' is none of tab, ::, ;, ',', |, space, json nor one or two bytes" \
        --delimiter abc "$FIXTURES/good-bom.csv"
    check "a,b,3
1,2,3" --header no <(printf 'a,b,3\n1,2,3\n')
    check "1,2,3" --header yes <(printf 'a,b,3\n1,2,3\n')
    check "1,2,3" --skip 2 <(printf '%% a comment\n%% 7 8 9\n1,2,3\n')
    refuses 64 "--header: 'maybe' is none of no, yes, auto (try 'rs-clean --help')" --header maybe
}

@test "what stands above a header is passed over, and does not turn users into items" {
    ratings() { printf '%s;u%s;3,5\n' f1 1 f1 2 f2 1 f3 x; }
    run -0 --separate-stderr rs-clean <(printf 'sep=;\r\nFilm;User;Stars\r\n' && ratings) -o out.rs
    [[ $stderr == "rs-clean: warning: /dev/fd/"*": 1 line above the header passed over" ]]
    assert_equal "$(rs-view -f csv -n 1 out.rs)" "user,item,rating
u1,f1,3.5"
    # places are those of the text
    run -0 --separate-stderr rs-clean <(printf 'Exported\n\nby ann\nFilm;User;Stars\n' && ratings && echo 'f9;u9;bad')
    [[ ${stderr_lines[1]} == *":9: rating 'bad' is not a number" ]]
    # side tables too
    printf 'Our films\nitem,title\n101,Tea\n' >items.csv
    run -0 --separate-stderr rs-clean "$SAMPLE" --items items.csv -o out.rs
    assert_equal "$stderr" "rs-clean: warning: items.csv: 1 line above the header passed over"
    assert_equal "$(rs-view --items -f csv out.rs)" "item,title
101,Tea"
}

@test "dates without separators are dates where all of the column are" {
    check "1,2,3,2020-01-02T00:00:00Z
1,5,4,2019-12-31T00:00:00Z" <(printf 'user,item,rating,date\n1,2,3,20200102\n1,5,4,20191231\n')
    check "1,2,3,2020-01-02T13:04:05Z" <(printf '1,2,3,20200102130405\n')
    # a counter that looks like one here and there is none
    check "1,2,3,1970-08-22T19:08:22Z
1,5,4,1970-08-22T19:09:01Z" <(printf '1,2,3,20200102\n1,5,4,20200141\n')
    check "1,2,3,1970-08-22T19:08:22Z" --time-unit s <(printf '1,2,3,20200102\n')
    # which is told by the first thousand: what is no date behind them is rejected and not read as something else
    (seq -f '%g,2,3,20200102' 1200; echo 1,3,3,20200199) >late.csv
    run -0 --separate-stderr rs-clean late.csv -o late.rs
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, unreadable time; the first at late.csv:1201: time '20200199' is no date"
    check "1,2,3,2020-01-02T00:00:00Z
1,5,4," <(printf 'user,item,rating,date\n1,2,3,20200102\n1,5,4,\n')
}

@test "--time-unit" {
    check "1,2,3,1970-01-01T00:00:01Z" --time-unit ms <(printf '1,2,3,1000\n')
    check "1,2,3,1970-01-01T00:16:40Z" --time-unit s <(printf '1,2,3,1000\n')
    check "1,2,3,1970-01-01T00:00:00.001Z" --time-unit us <(printf '1,2,3,1000\n')
    check "1,2,3,1970-01-01T00:00:00.001Z" --time-unit ns <(printf '1,2,3,1000000\n')
}

@test "--wide" {
    check "ann,tea,5
ann,101,3
bob,milk,2" --wide "$FIXTURES/good-wide.csv"
    check "1,1,-7.82
1,3,8.79
2,2,0.5" --wide --columns '-,*' --missing 99 "$FIXTURES/good-jester.csv"
    run -0 header
    assert_line --partial '"missing":3'
    assert_line --partial '"feedback":"explicit"'
    refuses 64 "--wide: --columns needs '*' where the items begin" --wide --columns user \
        "$FIXTURES/good-wide.csv"
    refuses 64 "--wide: JSON lines have no columns" --wide "$FIXTURES/good-amazon.json"
    printf 'user,,tea\nann,1,2\n' >unnamed.csv
    refuses 65 "unnamed.csv: column 2 has no usable name for an item" --wide unnamed.csv
}

@test "a wide matrix without users numbers them through all blocks" {
    awk 'BEGIN { for (i = 1; i <= 60000; i++) print "5,99,3,99" }' >wide.csv
    run -0 --separate-stderr clean --wide --columns '*' --missing 99 wide.csv
    assert_equal "${#lines[@]}" 120000
    assert_line --index 0 "1,1,5"
    assert_line --index 119999 "60000,3,3"
}

# What ratings mean

@test "--missing" {
    check "1,10,3
2,10,99
2,11,99
3,10,4" "$FIXTURES/good-missing.csv"
    check "1,10,3
3,10,4" --missing 99 "$FIXTURES/good-missing.csv"
    check "1,10,3" --missing 99 --missing 4 "$FIXTURES/good-missing.csv"
    run -0 header
    assert_line --partial '"missing":5'
    check "2,2,3" --missing none <(printf '1,2,NONE\n2,2,3\n1,3,None\n')
}

@test "--scale is enforced and declared" {
    printf '1,2,3\n2,2,4\n3,2,6\n' >six.csv
    run -0 --separate-stderr clean --scale 1,5 six.csv
    assert_output "1,2,3
2,2,4"
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, rating outside the scale; the \
first at six.csv:3: rating '6' is outside the scale 1..5"
    run -0 header
    assert_line --partial '"scale":{"min":1,"max":5'
    local bad
    for bad in 5 5,1 a,b 1,5,9 1, 1,1; do
        refuses 64 "--scale: '$bad' is not MIN,MAX as in 1,5 (try 'rs-clean --help')" --scale "$bad"
    done
}

@test "the scale is inferred and told" {
    run -0 --separate-stderr rs-clean -v "$SAMPLE" -o out.rs
    [[ $stderr == "rs-clean: 2660 ratings of 120 users and 90 items, scale 1..5 in steps of 0.5, \
from 2660 records; separator ',', a header, user is 'user', item is 'item', rating is 'rating', \
time is 'timestamp'; "*" s, "*" MiB" ]]
    run -0 header
    assert_line --partial '"scale":{"min":1,"max":5,"step":0.5,"n":2660}'
}

@test "--feedback" {
    check "1,2,3" --feedback implicit <(printf '1,2,3\n')
    run -0 header
    assert_line --partial '"feedback":"implicit"'
    check "2,51,1388
2,52,1169
3,51,228" --feedback explicit "$FIXTURES/good-plays.dat"
    run -0 header
    assert_line --partial '"feedback":"explicit"'
    refuses 65 "$FIXTURES/good-clicks.csv: has no rating column: name it with --columns" \
        --feedback explicit "$FIXTURES/good-clicks.csv"
    refuses 65 "$FIXTURES/good-clicks.csv: holds implicit feedback where the inputs before it hold \
ratings: --feedback says what all are" "$FIXTURES/good-bom.csv" "$FIXTURES/good-clicks.csv"
}

@test "counts are positive" {
    run -0 --separate-stderr clean <(printf 'user,item,plays\n1,2,3\n1,3,0\n1,4,-2\n2,2,1\n3,2,1\n')
    assert_output "1,2,3
2,2,1
3,2,1"
    [[ $stderr == "rs-clean: warning: 2 records rejected, count is not positive; the first at "*":3: \
count '0' is not positive" ]]
    check "1,2,3" --missing 0 <(printf 'user,item,plays\n1,2,3\n1,3,0\n')
}

@test "--threshold makes likes of ratings" {
    check "1,10,1,2001-09-09T01:46:40Z
1,30,1,2001-09-09T01:47:40Z" --threshold 4 "$FIXTURES/good-latest.csv"
    run -0 header
    assert_line --partial '"feedback":"implicit"'
    assert_line --partial '"below_threshold":1'
    refuses 65 "nothing is left: of 3 records 0 have no rating, 0 are rejected, 3 are below the \
threshold" --threshold 5 "$FIXTURES/good-latest.csv"
    refuses 65 "$FIXTURES/good-clicks.csv: has no rating column: name it with --columns" \
        --threshold 4 "$FIXTURES/good-clicks.csv"
}

@test "ratings that a float does not hold are counted" {
    run -0 --separate-stderr clean <(printf '1,2,0.1\n1,3,3.14159265\n1,4,0.123456\n1,5,16777217\n')
    assert_equal "$stderr" "rs-clean: warning: 2 ratings have more digits than a 32-bit float holds \
and are rounded"
    check "1,2,-7.82
1,3,1234567
1,4,100000000
1,5,0.5" <(printf '1,2,-7.820\n1,3,1234567\n1,4,1e8\n1,5,0.50000000000\n')
}

# Which ratings stay

@test "--dedupe" {
    local repeated=$FIXTURES/good-repeated.csv t="1970-01-01T00:0"
    check "1,10,1,${t}5:00Z
2,10,5,${t}1:40Z
1,10,4,${t}1:40Z
1,11,2,${t}0:50Z
1,10,4,${t}3:20Z" "$repeated"
    check "1,10,1,${t}5:00Z
2,10,5,${t}1:40Z
1,11,2,${t}0:50Z" --dedupe last "$repeated"
    run -0 header
    assert_line --partial '"repeated":2'
    check "2,10,5,${t}1:40Z
1,10,4,${t}1:40Z
1,11,2,${t}0:50Z" --dedupe first "$repeated"
    check "1,10,3,${t}5:00Z
2,10,5,${t}1:40Z
1,11,2,${t}0:50Z" --dedupe mean "$repeated"
    check "2,10,5,${t}1:40Z
1,11,2,${t}0:50Z
1,10,4,${t}3:20Z" --dedupe max "$repeated"
    check "1,10,9,${t}5:00Z
2,10,5,${t}1:40Z
1,11,2,${t}0:50Z" --dedupe sum "$repeated"
    refuses 65 "$repeated:4: user '1' has rated item '10' before, at $repeated:2 (repeated pairs: 1)" \
        --dedupe error "$repeated"
    check "1,10,3" --dedupe error <(printf '1,10,3\n')
}

@test "--dedupe without times goes by order" {
    printf '1,10,3\n1,10,4\n2,10,5\n1,10,2\n' >twice.csv
    check "2,10,5
1,10,2" --dedupe last twice.csv
    check "1,10,3
2,10,5" --dedupe first twice.csv
    check "2,10,5
1,10,3" --dedupe mean twice.csv
    echo 7,7,3 >one.csv
    refuses 65 "twice.csv:2: user '1' has rated item '10' before, at twice.csv:1 (repeated pairs: 1)" \
        --dedupe error one.csv twice.csv
    refuses 65 "one.csv:1: user '7' has rated item '7' before, at one.csv:1 (repeated pairs: 1)" \
        --dedupe error one.csv one.csv
}

# A core by the definition: look for a line below its minimum, drop it, begin again.
naive_core() {
    awk -F, -v users="$1" -v items="$2" '
        NR > 1 { user[NR] = $1; item[NR] = $2; row[NR] = $1 "," $2; n = NR }
        END {
            do {
                split("", u); split("", i); changed = 0
                for (r = 2; r <= n; r++) if (r in row) { u[user[r]]++; i[item[r]]++ }
                for (r = 2; r <= n; r++)
                    if ((r in row) && (u[user[r]] < users || i[item[r]] < items)) {
                        delete row[r]; changed = 1
                    }
            } while (changed)
            for (r = 2; r <= n; r++) if (r in row) print row[r]
        }' "$SAMPLE"
}

@test "--min-user and --min-item are the core" {
    local users items
    for users in 1 15 18; do
        for items in 1 10 15; do
            naive_core "$users" "$items" >expected
            [ -s expected ]
            rs-clean --min-user "$users" --min-item "$items" "$SAMPLE" | rs-view -f csv -c user,item |
                tail -n +2 >found
            run -0 diff expected found
        done
    done
    # The header says how much that is.
    rs-clean --min-user 15 --min-item 10 "$SAMPLE" -o core.rs
    rs-view --header core.rs | head -n 1 | jq -c '.pruned | [.min_user, .min_item] +
        ([.ratings, .users, .items] | map(.of, .of - .dropped))' >said
    { tail -n +2 "$SAMPLE" | cut -d, -f1,2; echo; naive_core 15 10; } | awk -F, '
        NF == 0 { part = 1; next }
        { n[part]++; if (!((part, "u", $1) in seen)) users[part]++; if (!((part, "i", $2) in seen)) items[part]++
          seen[part, "u", $1]; seen[part, "i", $2] }
        END { printf "[15,10,%d,%d,%d,%d,%d,%d]\n", n[""], n[1], users[""], users[1], items[""], items[1] }' | diff - said
    rs-clean "$SAMPLE" | rs-view --header - | head -n 1 | jq -e '.pruned == null'
    refuses 65 "nothing is left: no users with 91 ratings or more of items with 1 or more" \
        --min-user 91 "$SAMPLE"
}

@test "a core counts pairs, not repetitions" {
    printf '1,10,3\n1,10,4\n1,10,5\n2,10,3\n2,11,3\n3,11,1\n3,10,1\n' >core.csv
    check "2,10,3
2,11,3
3,11,1
3,10,1" --min-user 2 core.csv
}

@test "a chain of a hundred thousand unravels at once" {
    awk 'BEGIN { for (i = 1; i <= 100000; i++) printf "u%d,i%d,3\nu%d,i%d,3\n", i, i, i, i + 1 }' >chain.csv
    refuses 65 "nothing is left: no users with 2 ratings or more of items with 2 or more" \
        --min-user 2 --min-item 2 chain.csv
}

# Rejects

make_mixed() {
    awk 'BEGIN { print "user,item,rating,time"
        for (u = 1; u <= 20; u++) for (i = 1; i <= 5; i++) print u "," i "," 1 + u * i % 5 "," 1000 + u }' |
        sed -e '4s/.*/1,3,good,1000/' -e '11s/.*/2,"4/' -e '18s/.*/,2,4,1004/' -e '26s/,[0-9]*$/,soon/' \
            -e '40s/.*/9,9/' -e '41s/.*/9,9,,1000/' -e '50s/.*/8,"two\nlines",bad,1000/' >mixed.csv
}

@test "--rejects: place, reason, text; a warning a reason" {
    make_mixed
    run -0 --separate-stderr clean --rejects bad.txt mixed.csv
    assert_equal "${#lines[@]}" 93
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, wrong number of fields; the first \
at mixed.csv:40: 2 fields where 4 are expected
rs-clean: warning: 1 record rejected, malformed; the first at mixed.csv:11: has a quote that is not closed
rs-clean: warning: 1 record rejected, unusable user; the first at mixed.csv:18: user is empty
rs-clean: warning: 2 records rejected, rating is not a number; the first at mixed.csv:4: rating \
'good' is not a number
rs-clean: warning: 1 record rejected, unreadable time; the first at mixed.csv:26: time 'soon' is \
neither a number nor ISO 8601"
    run -0 cat bad.txt
    assert_output "mixed.csv:4	rating 'good' is not a number	1,3,good,1000
mixed.csv:11	has a quote that is not closed	2,\"4
mixed.csv:18	user is empty	,2,4,1004
mixed.csv:26	time 'soon' is neither a number nor ISO 8601	5,5,1,soon
mixed.csv:40	2 fields where 4 are expected	9,9
mixed.csv:41	rating is missing	9,9,,1000
mixed.csv:50	rating 'bad' is not a number	8,\"two\\nlines\",bad,1000"
    run -0 header
    assert_line --partial '"rejected":{"wrong number of fields":1,"malformed":1,"unusable user":1,"rating is not a number":2,"unreadable time":1}'
    assert_line --partial '"records":100,"missing":1'
    run -0 --separate-stderr rs-clean --quiet mixed.csv -o out.rs
    assert_equal "$stderr" ""
}

@test "--max-rejects" {
    make_mixed
    run -0 --separate-stderr rs-clean -q --max-rejects 6 mixed.csv -o out.rs
    run -0 --separate-stderr rs-clean -q --max-rejects 6% mixed.csv -o out.rs
    rm out.rs
    refuses 65 "mixed.csv: 6 of 100 records are rejected, more than --max-rejects=5 allows; the \
first at line 4: rating 'good' is not a number" --max-rejects 5 mixed.csv -o out.rs
    refuses 65 "mixed.csv: 6 of 100 records are rejected, more than --max-rejects=5.5% allows; the \
first at line 4: rating 'good' is not a number" --max-rejects 5.5% mixed.csv
    refuses 65 "mixed.csv: 6 of 100 records are rejected, more than --max-rejects=0 allows; the \
first at line 4: rating 'good' is not a number" --max-rejects 0 -r bad.txt mixed.csv
    [ ! -e out.rs ]
    assert_equal "$(wc -l <bad.txt)" 7
    local bad
    for bad in x -1 101% % ''; do
        refuses 64 "--max-rejects: '$bad' is neither a count nor a share such as 1% (try 'rs-clean \
--help')" --max-rejects "$bad" mixed.csv
    done
}

@test "a few rejects are tolerated, a half or a hundredth of many is not" {
    rejected() { awk -v n="$1" -v bad="$2" 'BEGIN { for (i = 1; i <= n; i++) print i ",1," (i <= bad ? "x" : 3) }'; }
    rejected 21 10 >few.csv
    run -0 rs-clean -q few.csv -o out.rs
    rejected 20 10 >half.csv
    refuses 65 "half.csv: 10 of 20 records are rejected, more than --max-rejects=auto allows; the \
first at line 1: rating 'x' is not a number" half.csv
    rejected 2000 20 >hundredth.csv
    run -0 rs-clean -q hundredth.csv -o out.rs
    rejected 2000 21 >more.csv
    refuses 65 "more.csv: 21 of 2000 records are rejected, more than --max-rejects=auto allows; the \
first at line 1: rating 'x' is not a number" more.csv
    refuses 65 "half.csv: 10 of 20 records are rejected, more than --max-rejects=auto allows; the \
first at line 1: rating 'x' is not a number" hundredth.csv half.csv
}

@test "nothing but garbage gets one line that says what to do" {
    cd "$FIXTURES"
    refuses 65 "bad-ratings.csv:2: rating 'Animation' is not a number; none of the records so far (2) \
is usable: name the columns with --columns user,item,rating, or give --delimiter" bad-ratings.csv
    refuses 65 "bad-times.csv:2: time '28/02/2014' is neither a number nor ISO 8601; none of the \
records so far (2) is usable: leave the column out with --columns user,item,rating" bad-times.csv
    refuses 65 "bad-prose.txt:1: rating 'a' is not a number; none of the records so far (3) is usable: \
name the columns with --columns user,item,rating, or give --delimiter" bad-prose.txt
    refuses 65 "bad-binary.bin: 4 of 5 records are rejected, more than --max-rejects=auto allows; the \
first at line 1: holds a NUL byte" bad-binary.bin
}

@test "what is left out is told" {
    run -0 --separate-stderr clean <(printf '1,2,3,28/02/2014\n2,2,4,01/03/2014\n')
    assert_output "1,2,3
2,2,4"
    [[ $stderr == "rs-clean: warning: "*": column 4 and what follows is left out, since it looks like \
no time; --columns says what it is" ]]
    run -0 --separate-stderr clean <(printf 'user,item,colour\nann,tea,red\n')
    assert_output "ann,tea,1"
    [[ $stderr == "rs-clean: warning: "*": no column is known as a rating, so that a record counts as \
a click; --columns names one, --feedback=implicit says it is right" ]]
    check "ann,tea,1" --feedback implicit <(printf 'user,item,colour\nann,tea,red\n')
}

# Bad input

@test "what is no text of ratings" {
    cd "$FIXTURES"
    refuses 65 "bad-empty.csv: is empty" bad-empty.csv
    refuses 65 "bad-blank.csv: is empty" bad-blank.csv
    refuses 65 "bad-header-only.csv: holds a header and no record" bad-header-only.csv
    refuses 65 "bad-gzip.csv.gz: is compressed by gzip: pipe it through 'gzip -dc' first" bad-gzip.csv.gz
    refuses 65 "bad-zip.zip: is a zip archive: unpack it, or pipe it through 'unzip -p' first" bad-zip.zip
    refuses 65 "bad-utf16.csv: is no text: it holds NUL bytes (UTF-16 without a byte order mark needs \
--encoding UTF-16LE)" bad-utf16.csv
    refuses 65 "bad-one-column.csv: finds no separator that gives records of two fields or more: give \
one with --delimiter" bad-one-column.csv
    refuses 65 "bad-array.json: holds no JSON object a line (jq -c '.[]' makes them of an array)" \
        bad-array.json
    refuses 65 "bad-keys.json: finds no keys for user and item among 'a', 'b' …: name them as in \
--columns user=KEY,item=KEY,rating=KEY" bad-keys.json
    refuses 65 "bad-many-columns.csv: has 9 columns and no header: say which is which with --columns, \
or --wide if a row is a user and a column an item" bad-many-columns.csv
    refuses 65 "bad-names.csv: its header names no user and item that are known: name them as in \
--columns user=when,item=colour,…" bad-names.csv
    refuses 65 "good-no-end.csv: has 1 column where a user and an item are needed" --delimiter ';' \
        good-no-end.csv
    refuses 64 "--encoding: 'klingon' is no encoding that iconv knows" --encoding klingon good-no-end.csv
    refuses 65 "standard input: is empty" </dev/null
}

@test "every fixture is read or refused as its name says" {
    cd "$FIXTURES"
    local file
    for file in good-*; do
        case $file in
        good-u.* | good-movies.csv | good-items.json | good-wide.csv) continue ;;
        esac
        run -0 --separate-stderr rs-clean "$file" -o "$BATS_TEST_TMPDIR/out.rs"
        run -0 rs-view --check "$BATS_TEST_TMPDIR/out.rs"
    done
    for file in bad-*; do
        fails 65 rs-clean "$file"
    done
}

@test "NUL bytes cost their lines" {
    printf '1,2,3\n1,\0,4\n2,2,5\n3,3,3\n' >nul.csv
    run -0 --separate-stderr clean nul.csv
    assert_output "1,2,3
2,2,5
3,3,3"
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, malformed; the first at nul.csv:2: \
holds a NUL byte"
}

@test "bytes that are not of the encoding are rejected where they matter" {
    printf '1,caf\xe9,4\n1,2,3\n2,2,5\n' >latin.csv
    run -0 --separate-stderr clean --encoding UTF-8 latin.csv
    assert_output "1,2,3
2,2,5"
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, not of the encoding; the first at \
latin.csv:1: item holds bytes that are not of the encoding (see --encoding)"
}

@test "a text cut at any byte is read, or refused with one line" {
    local text='user,item,rating,time
"Smith, Ann","tea ""strong""",4.5,1000000000
bob,"two
lines",3,2014-02-28T13:45:30Z
'
    local n
    for ((n = 0; n < ${#text}; n += 3)); do
        printf '%s' "${text:0:n}" >cut.csv
        run --separate-stderr rs-clean cut.csv -o out.rs
        [[ $status == 0 || ($status == 65 && ${#stderr_lines[@]} == 1) ]] || fail "$n: $status $stderr"
    done
}

@test "an rs file that is cut, or of another kind" {
    rs-clean "$SAMPLE" -o all.rs
    head -c 5000 all.rs >cut.rs
    refuses 65 "cut.rs: cut short: it ends before its ratings segment does, after byte \
$(rs-view --check cut.rs 2>&1 | grep -o '[0-9]*$')" cut.rs
    rs-matrix all.rs -o all.matrix
    refuses 65 "all.matrix: holds matrix where ratings are needed" all.matrix
    refuses 65 "all.matrix: is an rs file where text is needed, or one through a named pipe: give \
that on standard input" --items all.matrix "$SAMPLE"
}

@test "files that are not there, outputs that can't be" {
    refuses 66 "nowhere.csv: No such file or directory" nowhere.csv
    refuses 66 "$FIXTURES: Is a directory" "$FIXTURES"
    refuses 66 "nowhere.csv: No such file or directory" --users nowhere.csv "$SAMPLE"
    refuses 73 "nowhere/out.rs: No such file or directory" -o nowhere/out.rs "$SAMPLE"
    refuses 73 "nowhere/bad.txt: No such file or directory" --rejects nowhere/bad.txt "$SAMPLE"
    full() { rs-clean "$SAMPLE" >/dev/full; }
    run -74 --separate-stderr full
    assert_equal "$stderr" "rs-clean: standard output: write failed: No space left on device"
    run -64 rs-clean --no-such-option
}

@test "a file that is written anew keeps its permissions" {
    rs-clean "$SAMPLE" -o out.rs
    assert_equal "$(stat -c %a out.rs)" "$(printf %o $((0666 & ~$(umask))))"
    chmod 600 out.rs
    rs-clean "$SAMPLE" -o out.rs
    assert_equal "$(stat -c %a out.rs)" 600
}

@test "what a link leads to is written anew, and the link stays" {
    mkdir elsewhere
    printf '1,2,3\n' | rs-clean -q -o elsewhere/out.rs
    ln -s elsewhere/out.rs out.rs
    printf '1,2,3\n1,4,5\n' | rs-clean -q -o out.rs
    [ -L out.rs ]
    assert_equal "$(rs-view -f csv elsewhere/out.rs | wc -l)" 3
    assert_equal "$(ls elsewhere)" out.rs
    # one that leads nowhere gives way
    ln -sf nowhere lost.rs
    printf '1,2,3\n' | rs-clean -q -o lost.rs
    [ ! -L lost.rs ] && [ -s lost.rs ]
}

@test "a failed run leaves the old file" {
    rs-clean "$SAMPLE" -o all.rs
    cp all.rs before.rs
    fails 65 rs-clean "$SAMPLE" "$FIXTURES/bad-ratings.csv" -o all.rs
    run -0 cmp all.rs before.rs
    assert_equal "$(echo *.rs*)" "all.rs before.rs"
}

@test "a reader that leaves is no fault" {
    awk 'BEGIN { for (i = 1; i <= 300000; i++) print i ",1,3" }' >many.csv
    gone() { rs-clean many.csv | head -c 1 >/dev/null; echo "${PIPESTATUS[0]}"; }
    run -0 --separate-stderr gone
    assert_output 141
    assert_equal "$stderr" ""
}

# Merging

@test "rs files among the inputs, later ones count as later" {
    printf '1,10,3,100\n2,10,4,100\n' >base.csv
    rs-clean base.csv -o base.rs
    printf '1,10,5,200\n3,10,1,200\n' | rs-clean -o day1.rs
    printf '3,11,2,300\n' | rs-clean -o day2.rs
    check "1,10,3,1970-01-01T00:01:40Z
2,10,4,1970-01-01T00:01:40Z
1,10,5,1970-01-01T00:03:20Z
3,10,1,1970-01-01T00:03:20Z
3,11,2,1970-01-01T00:05:00Z" base.csv day1.rs day2.rs
    cp out.rs text-first.rs
    check "2,10,4,1970-01-01T00:01:40Z
1,10,5,1970-01-01T00:03:20Z
3,10,1,1970-01-01T00:03:20Z
3,11,2,1970-01-01T00:05:00Z" --dedupe last base.rs day1.rs - <day2.rs
    refuses 65 "day1.rs:1: user '1' has rated item '10' before, at base.rs:1 (repeated pairs: 1)" \
        --dedupe error base.rs day1.rs
    cat base.rs day1.rs day2.rs >joined.rs
    run -0 clean joined.rs
    run -0 cmp out.rs text-first.rs
}

@test "inputs with and without times and contexts" {
    printf '1,10,3,phone\n' | rs-clean --columns user,item,rating,device -o with.rs
    printf '2,10,4,1000000000\n' >timed.csv
    run -0 --separate-stderr rs-clean with.rs timed.csv with.rs -o out.rs
    assert_equal "$stderr" ""
    run -0 rs-view out.rs
    assert_output '{"user":"1","item":"10","rating":3,"device":"phone"}
{"user":"2","item":"10","rating":4,"time":"2001-09-09T01:46:40Z","device":null}
{"user":"1","item":"10","rating":3,"time":null,"device":"phone"}'
    run -0 rs-clean --dedupe first with.rs timed.csv with.rs -o out.rs
    run -0 rs-view out.rs
    assert_output '{"user":"1","item":"10","rating":3,"time":null,"device":"phone"}
{"user":"2","item":"10","rating":4,"time":"2001-09-09T01:46:40Z","device":null}'
}

@test "rules hold for rs inputs too" {
    printf '1,10,3\n2,10,4\n3,10,6\n' | rs-clean -o three.rs
    run -0 --separate-stderr clean --scale 1,5 -r bad.txt three.rs
    assert_output "1,10,3
2,10,4"
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, rating outside the scale; the first \
at three.rs:3: rating '6' is outside the scale 1..5"
    run -0 cat bad.txt
    assert_output "three.rs:3	rating '6' is outside the scale 1..5	3	10	6"
    check "2,10,1
3,10,1" --threshold 4 three.rs
    rs-clean -q --scale 1,5 three.rs -o scaled.rs
    printf '4,10,7\n5,10,2\n6,10,2\n' >more.csv
    run -0 --separate-stderr clean scaled.rs more.csv
    assert_line --index 2 "5,10,2"
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, rating outside the scale; the first \
at more.csv:1: rating '7' is outside the scale 1..5"
}

@test "side tables of rs inputs come along" {
    rs-clean "$FIXTURES/good-latest.csv" --items "$FIXTURES/good-movies.csv" -o base.rs
    printf '3,30,2,1000000000\n' >new.csv
    rs-clean base.rs new.csv -o out.rs
    run -0 rs-view -f csv -c user,item,title out.rs
    assert_line --index 4 '3,30,"Grey Harbour, The (1996)"'
    rs-clean new.csv base.rs -o out.rs
    run -0 rs-view --items -f csv out.rs
    assert_line --index 1 '10,Amber Harbour (1995),Adventure|Animation|Children'
    rs-clean base.rs new.csv --min-user 1 --dedupe last -o out.rs
    run -0 rs-view -f csv -c user,item,title out.rs
    assert_line --index 4 '3,30,"Grey Harbour, The (1996)"'
}

# Side tables

@test "titles and genres" {
    run -0 --separate-stderr rs-clean "$FIXTURES/good-latest.csv" --items "$FIXTURES/good-movies.csv" \
        -o out.rs
    assert_equal "$stderr" ""
    run -0 rs-view --items out.rs
    assert_output '{"item":"10","title":"Amber Harbour (1995)","genres":["Adventure","Animation","Children"]}
{"item":"30","title":"Grey Harbour, The (1996)","genres":["Comedy","Drama"]}
{"item":"70","title":"Nothing","genres":[]}'
    run -0 rs-view --header out.rs
    assert_line --partial '"item_table":[{"name":"title","kind":"text"},{"name":"genres","kind":"set"}]'
}

@test "0-or-1 columns as a set, columns left out and named, Latin-1" {
    run -0 rs-clean "$FIXTURES/good-100k.data" --users "$FIXTURES/good-u.user" -q \
        --user-columns id,age,sex,occupation,zip --items "$FIXTURES/good-u.item" --item-columns \
        'id,title,release:category,-,-,genres{unknown|Action|Adventure|Animation}' -o out.rs
    run -0 rs-view --items out.rs
    assert_output '{"item":"1","title":"Amber Harbour (1995)","release":"01-Jan-1995","genres":["Adventure","Animation"]}
{"item":"2","title":"Grey Harbour (1996)","release":"01-Jan-1996","genres":["Action"]}
{"item":"3","title":"Éclair, L'"'"' (1994)","release":null,"genres":["unknown"]}'
    run -0 rs-view --users out.rs
    assert_output '{"user":"1","age":24,"sex":"M","occupation":"baker","zip":"55711"}
{"user":"2","age":53,"sex":"F","occupation":"other","zip":"T8X1N"}
{"user":"3","age":null,"sex":"M","occupation":"writer","zip":"02139"}'
}

@test "MovieLens' tables without a header are known by their shape" {
    printf '1::101::5::978300760\n2::102::3::978302109\n' >ratings.dat
    printf '1::F::1::10::48067\n2::M::56::16::02139\n' >users.dat
    printf "101::Harbour (1995)::Comedy|Drama\n102::Other, The (1996)::Drama\n" >movies.dat
    rs-clean -q ratings.dat --users users.dat --items movies.dat -o out.rs
    run -0 rs-view --users out.rs
    assert_output '{"user":"1","sex":"F","age":1,"occupation":"10","zip":"48067"}
{"user":"2","sex":"M","age":56,"occupation":"16","zip":"02139"}'
    run -0 rs-view --items out.rs
    assert_output '{"item":"101","title":"Harbour (1995)","genres":["Comedy","Drama"]}
{"item":"102","title":"Other, The (1996)","genres":["Drama"]}'
    # what is given goes before; other shapes are what they were
    rs-clean -q ratings.dat --users users.dat --user-columns id,-,years -o out.rs
    run -0 rs-view --users -n 1 out.rs
    assert_output '{"user":"1","years":1}'
    printf '1::F::x\n2::M::y\n' >others.dat
    rs-clean -q ratings.dat --users others.dat -o out.rs
    run -0 rs-view --users -n 1 out.rs
    assert_output '{"user":"1","column2":"F","column3":"x"}'
}

@test "side tables of JSON lines" {
    run -0 rs-clean "$FIXTURES/good-amazon.json" --items "$FIXTURES/good-items.json" -o out.rs
    run -0 rs-view --items out.rs
    assert_output '{"item":"0001112223","title":"Pop filter","tags":["audio","metal"],"price":12.5}
{"item":"B0002","title":"Strings","tags":[],"price":null}'
}

@test "--item-columns by name, and kinds" {
    local ratings=$FIXTURES/good-latest.csv movies=$FIXTURES/good-movies.csv
    rs-clean "$ratings" --items "$movies" --item-columns 'id=movieId,what:category=genres,name=title' -o out.rs
    run -0 rs-view --items -n 1 out.rs
    assert_output '{"item":"10","what":"Adventure|Animation|Children","name":"Amber Harbour (1995)"}'
    refuses 64 "--item-columns: needs an id" --items "$movies" --item-columns a,b "$ratings"
    refuses 64 "--item-columns: 'x=y' names a column that is not there" --items "$movies" \
        --item-columns id,x=y "$ratings"
    refuses 64 "--item-columns: 'x:kind' has a kind that is none of text, category, set, number" \
        --items "$movies" --item-columns id,x:kind "$ratings"
    refuses 64 "--item-columns: 'x{a|b' has a '{' without '}'" --items "$movies" \
        --item-columns 'id,x{a|b' "$ratings"
    refuses 64 "--item-columns: 'x{a}b' is not NAME, NAME:KIND, NAME{A|B|C} or one of them with \
=COLUMN" --items "$movies" --item-columns 'id,x{a}b' "$ratings"
    refuses 64 "--item-columns: '' has no name; write '-' to leave one out" --items "$movies" \
        --item-columns id,,title "$ratings"
    refuses 64 "--item-columns: 'x=y' names a column, but there is no header" \
        --items "$FIXTURES/good-u.item" --item-columns id,x=y "$ratings"
    refuses 65 "$movies: has 3 columns, too few for --item-columns" --items "$movies" \
        --item-columns 'id,x{a|b|c}' "$ratings"
    refuses 64 "--item-columns: needs --items (try 'rs-clean --help')" --item-columns id "$ratings"
    refuses 65 "$movies: year of item '10' is not a number" --items "$movies" \
        --item-columns id,year:number "$ratings"
}

@test "bad rows of a side table" {
    printf 'id,age,sex\n1,20,F\n1,30,M\n,40,F\n2,50\n3,x,M\n4,60,F\n5,61,F\n6,62,M\n7,63,M\n8,64,F\n' >users.csv
    run -0 --separate-stderr rs-clean "$SAMPLE" --users users.csv -r bad.txt -o out.rs
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, wrong number of fields; the first at \
users.csv:5: 2 fields where 3 are expected
rs-clean: warning: 1 record rejected, unusable user; the first at users.csv:4: user is empty
rs-clean: warning: 1 record rejected, id repeated; the first at users.csv:3: user '1' has a row already"
    run -0 rs-view --users -n 2 out.rs
    assert_output '{"user":"1","age":"20","sex":"F"}
{"user":"3","age":"x","sex":"M"}'
    assert_equal "$(wc -l <bad.txt)" 3
    run -0 --separate-stderr rs-clean "$SAMPLE" --items "$FIXTURES/good-movies.csv" -o out.rs
    assert_equal "$stderr" "rs-clean: warning: $FIXTURES/good-movies.csv: none of its 3 ids is an item \
of the ratings (--item-columns says where the id is)"
    printf '1,0\n2,maybe\n3,1\n4,yes\n' >flags.csv
    run -0 --separate-stderr rs-clean "$SAMPLE" --users flags.csv --user-columns 'id,is{member}' -o out.rs
    assert_equal "$stderr" "rs-clean: warning: 1 record rejected, rating is not a number; the first at \
flags.csv:2: flag 'maybe' of is is neither 0 nor 1"
    run -0 rs-view --users out.rs
    assert_output '{"user":"1","is":[]}
{"user":"3","is":["member"]}
{"user":"4","is":["member"]}'
}

@test "the sample with all it has" {
    rs-clean "$SAMPLE" --users "$SAMPLE_USERS" --items "$SAMPLE_ITEMS" -o out.rs
    run -0 header
    assert_line --partial '"user_table":[{"name":"age","kind":"number"},{"name":"sex","kind":"category"},{"name":"occupation","kind":"category"},{"name":"zip","kind":"category"}]'
    assert_line --partial '"item_table":[{"name":"title","kind":"text"},{"name":"genres","kind":"set"}]'
}

@test "real side tables" {
    require_data ml-latest-small/movies.csv
    rs-clean "${DATA%movies.csv}ratings.csv" --items "$DATA" -o out.rs
    assert_equal "$(rs-view --items out.rs | wc -l)" 9742
    require_data ml-100k/u.item
    rs-clean "${DATA%item}data" --items "$DATA" --users "${DATA%item}user" -o out.rs
    run -0 rs-view --items -n 1 out.rs
    assert_output --partial '"genres":["Animation","Children'"'"'s","Comedy"]'
    run -0 rs-view --users -n 1 out.rs
    assert_output '{"user":"1","age":24,"sex":"M","occupation":"technician","zip":"85711"}'
    require_data hetrec2011-lastfm-2k/artists.dat
    run -0 --separate-stderr rs-clean "${DATA%artists.dat}user_artists.dat" --items "$DATA" -o out.rs
    assert_equal "$stderr" ""
    assert_equal "$(rs-view --items out.rs | wc -l)" 17632
}

# Promises

# A quarter of a million records of all sorts, some of them bad.
make_large() {
    awk 'BEGIN { print "user,item,rating,time"
        for (n = 1; n <= 250000; n++) {
            u = n * 7919 % 5003; i = n * 104729 % 997
            if (n % 1001 == 0) print u ",\"item, " i "\"," n % 5 + 1 "," 1000000000 + n
            else if (n % 3003 == 1) print u "," i ",bad," n
            else if (n % 5005 == 1) print "u" u ",\"two\nlines\"," n % 5 + 0.5 ","
            else print u "," i "," n % 10 / 2 "," 1000000000 + n
        } }' >large.csv
}

@test "the same bytes for any number of threads" {
    make_large
    local threads
    for threads in 1 2 3 8; do
        rs-clean -q -t $threads -r bad$threads.txt large.csv -o $threads.rs
        rs-clean -q -t $threads --dedupe mean --min-user 10 large.csv -o held$threads.rs
        run -0 cmp 1.rs $threads.rs
        run -0 cmp bad1.txt bad$threads.txt
        run -0 cmp held1.rs held$threads.rs
    done
    run -0 rs-view --check 1.rs
    assert_equal "$(rs-view -f csv 1.rs | wc -l)" "$((250000 - $(wc -l <bad1.txt) + 1 + $(grep -c '^lines' large.csv)))"
}

@test "the same through a pipe as from the file" {
    make_large
    rs-clean -q large.csv -o file.rs
    cat large.csv | rs-clean -q -o pipe.rs
    run -0 cmp file.rs pipe.rs
}

@test "holds a few blocks, not the file" {
    [[ $(command -v rs-clean) != */san/* ]] || skip "a sanitizer takes memory of its own"
    awk 'BEGIN { for (n = 1; n <= 1000000; n++) print n % 1000 "," n % 777 ",3," n }' >long.csv
    run -0 --separate-stderr rs-clean -v -t 2 long.csv -o out.rs
    local mib
    mib=$(grep -o '[0-9]* MiB' <<<"$stderr")
    [ "${mib% MiB}" -lt 32 ]
}

@test "--help and --man tell all options" {
    run -0 rs-clean --help
    local option
    for option in columns delimiter header skip encoding decimal time-unit wide missing scale feedback \
        threshold dedupe min-user min-item rejects max-rejects users items user-columns item-columns \
        output threads quiet verbose help man version; do
        assert_output --partial "--$option"
    done
    rs-clean --man >rs-clean.1
    run -0 mandoc -T lint -W error rs-clean.1
}

@test "a declared scale reaches the matrix, which keeps the step of the ratings" {
    matrix_scale() { rs-clean --scale 0,10 "$SAMPLE" | rs-matrix | rs-view --header | head -n 1; }
    run -0 matrix_scale
    assert_output --partial '"scale":{"min":0,"max":10,"step":0.5,"n":2660}'
}

@test "-v says which of a pair counts" {
    run -0 --separate-stderr rs-clean -v --dedupe last "$FIXTURES/good-repeated.csv" -o out.rs
    [[ $stderr == *" from 5 records, 2 repeated (the last by time counts); "* ]]
    run -0 --separate-stderr rs-clean -v --dedupe first <(printf '1,2,3\n1,2,4\n') -o out.rs
    [[ $stderr == *" from 2 records, 1 repeated (the first in order counts); "* ]]
}
