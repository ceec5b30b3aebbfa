setup() {
    load helper
    _common_setup
    small=(--users 300 --items 200 --ratings 12000 --least 5)
}

# The Python that Debian's packages belong to: others on PATH may lack numpy and msgpack.
python() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        "$candidate" -c 'import msgpack, numpy' 2>/dev/null || continue
        "$candidate" "$@"
        return
    done
    skip "no Python with numpy and msgpack"
}

# users, items, ratings, repeated pairs, sum of n_u^2, sum of n_i^2, fewest of a user
measure() {
    awk -F, 'NR > 1 { n++; if (seen[$1, $2]++) twice++; users[$1]++; items[$2]++ }
        END { least = n
              for (u in users) { nu++; su += users[u] ^ 2; if (users[u] < least) least = users[u] }
              for (i in items) { ni++; si += items[i] ^ 2 }
              printf "%d %d %d %d %.0f %.0f %d\n", nu, ni, n, twice, su, si, least }' "$@"
}

@test "the counts are exact, and no pair occurs twice" {
    rs-synth "${small[@]}" -o a.csv
    run measure a.csv
    [[ $output == "300 200 12000 0 "* ]] || fail "$output"
    [ "${output##* }" -ge 5 ]
    run head -n 1 a.csv
    assert_output "user,item,rating,timestamp"
    [ "$(grep -cvE '^[0-9]+,[0-9]+,[1-5],[0-9]{9}$' a.csv)" = 1 ]
}

@test "extremes: one user, one item, everything rated, one rating each, more users than ratings need" {
    run measure <(rs-synth --users 1 --items 7 --ratings 7 --least 1)
    assert_output "1 7 7 0 49 7 7"
    run measure <(rs-synth --users 9 --items 1 --ratings 9 --least 1)
    assert_output "9 1 9 0 9 81 1"
    run measure <(rs-synth --users 40 --items 30 --ratings 1200 --old 0)
    assert_output "40 30 1200 0 36000 48000 30"
    run measure <(rs-synth --users 2000 --items 2000 --ratings 2000 --least 1)
    assert_output "2000 2000 2000 0 2000 2000 1"
    run measure <(rs-synth --users 50 --items 3000 --ratings 3000 --least 1 --days 1)
    [[ $output == "50 3000 3000 0 "* ]] || fail "$output"
    run measure <(rs-synth --users 60 --items 50 --ratings 2990 --old 0.2 --decay 30)
    [[ $output == "60 50 2990 0 "* ]] || fail "$output"
}

@test "a seed gives the same bytes whatever the threads; another seed gives others" {
    for threads in 1 2 5; do
        for order in user time random; do
            rs-synth "${small[@]}" --order "$order" --truth "truth$threads" -t "$threads" \
                -c hour -c device -o "$order$threads.csv"
        done
        rs-synth "${small[@]}" --format rs -t "$threads" -o "$threads.rs"
    done
    for threads in 2 5; do
        for order in user time random; do cmp "${order}1.csv" "$order$threads.csv"; done
        cmp 1.rs "$threads.rs"
        cmp truth1 "truth$threads"
    done
    rs-synth "${small[@]}" --seed 2 -c hour -c device -o other.csv
    run -1 cmp -s user1.csv other.csv
}

@test "the orders hold the same rows, and are what they say" {
    for order in user time random; do
        rs-synth "${small[@]}" --order "$order" -o "$order.csv"
        tail -n +2 "$order.csv" | sort >"$order.sorted"
    done
    cmp user.sorted time.sorted
    cmp user.sorted random.sorted
    tail -n +2 time.csv | sort -cs -t, -k4,4n
    tail -n +2 user.csv | sort -cs -t, -k1,1n -k4,4n
    tail -n +2 random.csv >random
    run -1 sort -cs -t, -k1,1n random
    run -1 sort -cs -t, -k4,4n random
}

@test "the rs format holds what the CSV does" {
    rs-synth "${small[@]}" -c device:values=3 -o a.csv
    rs-synth "${small[@]}" -c device:values=3 --format rs -o a.rs
    rs-view --check a.rs
    rs-view --format csv a.rs | tail -n +2 | cut -d, -f1-3 >from-rs
    tail -n +2 a.csv | cut -d, -f1-3 | cmp - from-rs
}

@test "sums of squares and least counts come near those of the sets they are like" {
    check() { # set, wanted sum of n_u^2, of n_i^2, least
        rs-synth --like "$1" -o like.csv
        run measure like.csv
        read -r _ _ _ twice su si least <<<"$output"
        [ "$twice" = 0 ]
        [ "$least" -ge "$4" ]
        awk -v su="$su" -v si="$si" -v wu="$2" -v wi="$3" 'BEGIN {
            exit !(su / wu > 0.95 && su / wu < 1.05 && si / wi > 0.93 && si / wi < 1.07) }' ||
            fail "$1: $su and $si instead of $2 and $3"
    }
    check ml-100k 2.02e7 1.681e7 20
    check ml-1m 3.90e8 8.17e8 20
}

@test "sums of squares of the large shape" {
    run -0 rs-synth --like ml-25m --format rs -v -o /dev/null
    [[ $output =~ ^rs-synth:\ 25000095\ ratings,\ 162541\ users,\ 59047\ items\;\ sum\ of\ n_u\^2\ 1.5[0-9]*e\+10,\ of\ n_i\^2\ 4.[2-6][0-9]*e\+11$ ]] ||
        fail "$output"
}

@test "exponents make users and items unequal" {
    sums() { measure <(rs-synth --ratings 30000 --users 500 --items 800 --least 1 "$@") | cut -d' ' -f5,6; }
    read -r even_users even_items < <(sums --activity 0.2 --popularity 1.5 --tail 30)
    read -r uneven_users uneven_items < <(sums --activity 1.5 --popularity 0.5 --tail 0.1)
    [ $((even_users * 2)) -lt "$uneven_users" ]
    [ $((even_items * 2)) -lt "$uneven_items" ]
}

@test "ratings keep to the scale" {
    rs-synth "${small[@]}" --scale=-1,1,0.25 --mean 0.3 | tail -n +2 | cut -d, -f3 | sort -gu >seen
    printf '%s\n' -1.00 -0.75 -0.50 -0.25 0.00 0.25 0.50 0.75 1.00 | diff - seen
    rs-synth "${small[@]}" --like ml-25m --whole 1 | tail -n +2 | cut -d, -f3 | sort -gu >seen
    printf '%s\n' 1.0 2.0 3.0 4.0 5.0 | diff - seen
    run rs-synth "${small[@]}" --implicit
    assert_line --index 0 "user,item,count,timestamp"
    [ "$(rs-synth "${small[@]}" --implicit | cut -d, -f3 | sort -n | tail -n 1)" -gt 100 ]
    [ "$(rs-synth "${small[@]}" --implicit | cut -d, -f3 | sort -n | sed -n 2p)" -ge 1 ]
}

# Reads the truth file and the ratings; prints the residual deviation, its mean, and of every context
# the share of the variance and the mean of its effect.
residuals() {
    cat >residuals.py <<'EOF'
import csv, msgpack, numpy as np
TYPES = {"u8": "u1", "u32": "<u4", "u64": "<u8", "i64": "<i8", "f32": "<f4", "f64": "<f8"}
arrays, section = {}, None
for thing in msgpack.Unpacker(open("truth.rs", "rb"), max_buffer_size=0):
    if isinstance(thing, dict) and "rs" in thing: header = thing
    elif isinstance(thing, dict): section = thing
    elif isinstance(thing, bytes) and section and len(thing) == section.get("bytes", -1):
        arrays[section["array"]] = np.frombuffer(thing, TYPES[section["type"]]).reshape(section["shape"])
        section = None
rows = list(csv.reader(open("ratings.csv")))
names, rows = rows[0], np.array(rows[1:], dtype=float)
user, item, rating = rows[:, 0].astype(int) - 1, rows[:, 1].astype(int) - 1, rows[:, 2]
time = rows[:, 3].astype(int)
factors = arrays["item_factors"][item]
truth = (header["intercept"] + arrays["user_bias"][user, 0] + arrays["item_bias"][item, 0] +
         (arrays["user_factors"][user] * factors).sum(1))
assert (arrays["item_appeared"][item, 0] <= time * 1000).all()
derived = {"hour": time // 3600 % 24, "weekday": (time // 86400 + 3) % 7}
shares = []
for c, context in enumerate(header["contexts"]):
    name, effect = context["name"], arrays[f"context{c}_effect"]
    value = derived[name] if name in derived else rows[:, names.index(name)].astype(int) - 1
    moved = {"taste": lambda: (effect[value] * factors).sum(1), "item": lambda: effect[item, value],
             "bias": lambda: effect[value, 0]}[context["kind"]]()
    truth += moved
    shares.append(f"{context['name']} {moved.var() / rating.var():.3f}")
print(f"{(rating - truth).std():.3f} {(rating - truth).mean():.3f}", *shares)
EOF
    python residuals.py
}

@test "what --truth says is in the data: the residual is the planted noise" {
    rs-synth --users 1500 --items 600 --ratings 120000 --scale=-30,30,0.01 --mean 0 --noise 0.7 \
        --truth truth.rs -o ratings.csv
    run residuals
    [[ $output =~ ^0\.(69|70|71)[0-9]\ -?0\.00[0-9]$ ]] || fail "$output"
}

@test "contexts have the strength that was asked for" {
    rs-synth --users 3000 --items 600 --ratings 200000 --scale=-30,30,0.01 --mean 0 --noise 0.7 \
        -c hour:strength=0.06 -c device:values=3,strength=0.05,kind=item \
        -c weekday:strength=0.04,kind=bias -c mood:strength=0 -c region:strength=0.05 \
        --truth truth.rs -o ratings.csv
    run head -n 1 ratings.csv
    assert_output "user,item,rating,timestamp,device,mood,region"
    run residuals
    [[ $output =~ ^0\.(69|70|71)[0-9]\ -?0\.00[0-9]\ hour\ 0\.0(5|6)[0-9]\ device\ 0\.0(4[5-9]|5[0-5])\ weekday\ 0\.0(3[4-9]|4[0-6])\ mood\ 0\.000\ region\ 0\.0(4[2-9]|5[0-8])$ ]] ||
        fail "$output"
}

@test "users rate what they like, more so with greater selection" {
    rs-synth "${small[@]}" --scale=-30,30,0.01 --mean 0 --taste 1 --user-bias 0 --item-bias 0 \
        --noise 0.01 --selection 0 --truth truth.rs -o ratings.csv
    even=$(awk -F, 'NR > 1 { s += $3 } END { print s / (NR - 1) }' ratings.csv)
    rs-synth "${small[@]}" --scale=-30,30,0.01 --mean 0 --taste 1 --user-bias 0 --item-bias 0 \
        --noise 0.01 --selection 3 --truth truth.rs -o ratings.csv
    # The intercept is lower, so that the mean stays; what is above it is what they like.
    run residuals
    [[ $output =~ ^0\.01[0-9]\ -?0\.00 ]] || fail "$output"
    chosen=$(awk -F, 'NR > 1 { s += $3 } END { print s / (NR - 1) }' ratings.csv)
    awk -v a="$even" -v b="$chosen" 'BEGIN { exit !(a > -0.15 && a < 0.15 && b > -0.35 && b < 0.15) }' ||
        fail "means $even and $chosen"
    intercept=$(rs-view --header truth.rs | grep -o '"intercept":[-0-9.]*' | cut -d: -f2)
    awk -v i="$intercept" 'BEGIN { exit !(i < -0.5) }' || fail "intercept $intercept"
}

@test "items appear, and new ones are popular" {
    rs-synth --users 2000 --items 500 --ratings 60000 --old 0.3 --decay 20 --days 1000 -o a.csv
    # Of the items first rated in the third quarter, much of the ratings comes in the 100 days after,
    # a third or less of the days there are.
    run awk -F, 'NR > 1 { day = ($4 - 874713600) / 86400; when[NR] = day; item[NR] = $2
                          if (!($2 in first) || day < first[$2]) first[$2] = day }
        END { for (r in when) { f = first[item[r]]; if (f < 500 || f > 750) continue
                                n++; if (when[r] < f + 100) soon++ }
              print (n > 1000 && soon > 0.42 * n && soon < 0.9 * n) }' a.csv
    assert_output 1
}

@test "side tables name every user and item, and tell something of the taste" {
    rs-synth "${small[@]}" --users-table users.csv --items-table items.csv --truth truth.rs -o a.csv
    [ "$(wc -l <users.csv)" = 301 ]
    [ "$(wc -l <items.csv)" = 201 ]
    run head -n 1 users.csv
    assert_output "user,age,sex,occupation,zip,region"
    [ "$(grep -cvE '^[0-9]+,[0-9]+,[FM],[a-z]+,[0-9]{5},[0-9]+$' users.csv)" = 1 ]
    [ "$(grep -cvE '^[0-9]+,[A-Za-z ]+ \([0-9]{4}\),[A-Za-z|-]+$' items.csv)" = 1 ]
    # Items share a genre when they lie on the same side of the first factor.
    rs-view --array item_factors truth.rs >factors
    paste -d, <(tail -n +2 items.csv) <(tr -d '[]' <factors) |
        awk -F, '/Action/ && $4 < 0 { wrong++ } /Action/ { n++ } END { exit !(n > 10 && wrong < n / 20) }'
}

@test "expansion: sizes, ratings and times of the source, no pair twice, the same for all threads" {
    rs-synth "${small[@]}" --format rs -o small.rs
    rs-synth --expand small.rs --expand-by 5x3 -t 1 -o one.csv
    rs-synth --expand - --expand-by 5x3 -t 3 -o three.csv <small.rs
    cmp one.csv three.csv
    run measure one.csv
    read -r users items n twice _ <<<"$output"
    [ "$twice" = 0 ]
    [ "$users" -le 1500 ]
    [ "$users" -gt 1400 ]
    [ "$items" -le 600 ]
    [ "$items" -gt 500 ]
    [ "$n" -gt 18000 ]
    [ "$n" -lt 180000 ]
    tail -n +2 one.csv | sort -cs -t, -k1,1n -k4,4n
    tail -n +2 one.csv | cut -d, -f3,4 | sort -u >seen
    rs-synth "${small[@]}" | tail -n +2 | cut -d, -f3,4 | sort -u >had
    [ -z "$(comm -23 seen had)" ]
    rs-synth --expand small.rs --expand-by 5x3 --seed 2 | cmp -s - one.csv && fail "seeds are alike"
    [ "$(rs-synth --expand small.rs --expand-by 1x1 | tail -n +2 | wc -l)" = 12000 ]
}

@test "expansion among the like keeps users and items as unequal as they were" {
    spread() { # n * sum of squares / square of the sum: of users, of items
        measure "$1" | awk '{ printf "%.2f %.2f\n", $1 * $5 / $3 ^ 2, $2 * $6 / $3 ^ 2 }'
    }
    rs-synth "${small[@]}" -o small.csv
    rs-synth "${small[@]}" --format rs -o small.rs
    rs-synth --expand small.rs --expand-by 4x8 --shuffle all -o all.csv
    rs-synth --expand small.rs --expand-by 4x8 --shuffle near -o near.csv
    [ "$(measure near.csv | cut -d' ' -f4)" = 0 ]
    echo "$(spread small.csv) $(spread all.csv) $(spread near.csv)" >spreads
    # The spread of a Kronecker product is the product of spreads; shuffling all takes the source's away.
    awk '{ exit !($5 > $1 && $6 > $2 && $5 > 1.15 * $3 && $6 > 1.3 * $4) }' spreads ||
        fail "$(cat spreads)"
    rs-synth --expand small.rs --expand-by 1x1 --shuffle near | tail -n +2 | wc -l >whole
    [ "$(cat whole)" = 12000 ]
}

@test "expansion keeps a repeated pair once, and prints ratings of any value as they are" {
    rs-synth "${small[@]}" --scale=-3,77.5,0.125 --mean 40 --noise 20 --format rs -o small.rs
    cat small.rs small.rs | rs-synth --expand - --expand-by 1x1 -o all.csv
    run measure all.csv
    [[ $output == "300 200 12000 0 "* ]] || fail "$output"
    tail -n +2 all.csv | cut -d, -f3 | sort -g >seen
    rs-view --format csv --columns rating small.rs | tail -n +2 | sort -g | cmp - seen
}

@test "bad options say so in one line" {
    fails 64 rs-synth --users 10 --items 10 --ratings 101 --least 1
    fails 64 rs-synth --users 10 --items 100 --ratings 150
    fails 64 rs-synth --users 10 --items 1000 --ratings 999
    fails 64 rs-synth --users 10 --items 15
    fails 64 rs-synth --scale 1,5
    fails 64 rs-synth --scale 5,1,1
    fails 64 rs-synth --scale 1,5,0
    fails 64 rs-synth --scale 0,1,0.0000001
    fails 64 rs-synth --scale 1,inf,1
    fails 64 rs-synth --start yesterday
    fails 64 rs-synth --start 1960-01-01
    fails 64 rs-synth --like movielens
    fails 64 rs-synth --factors 0
    fails 64 rs-synth --context rating
    fails 64 rs-synth --context 'a b'
    fails 64 rs-synth --context hour:strength=1
    fails 64 rs-synth --context hour:values=3
    fails 64 rs-synth --context hour:kind=bad
    fails 64 rs-synth --context hour:strength
    fails 64 rs-synth --context device:values=256
    fails 64 rs-synth --context hour --context hour:strength=0
    fails 64 rs-synth --context hour:strength=0.6 --context device:strength=0.5
    fails 64 rs-synth ratings.csv
    fails 64 rs-synth --expand x.rs --users 5
    fails 64 rs-synth --expand x.rs --truth t.rs
    fails 64 rs-synth --expand x.rs --expand-by 3
    fails 64 rs-synth --expand x.rs --expand-by 0x3
    fails 64 rs-synth --shuffle near
    fails 66 rs-synth --expand none.rs
    fails 73 rs-synth --truth no/where.rs -o a.csv
    [ ! -e a.csv ]
    rs-synth "${small[@]}" --truth truth.rs >/dev/null
    fails 65 rs-synth --expand truth.rs
}

@test "a full disk is an error" {
    [ -w /dev/full ] || skip "no /dev/full"
    run -74 rs-synth -o /dev/full
    run -74 bash -c 'rs-synth >/dev/full'
}
