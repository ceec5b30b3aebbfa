# Fits each stage's processor seconds and memory to the two terms that they should grow with, and writes the page.
#
# The fit is least squares of relative errors, min sum ((a x + b y) / t - 1)^2, with a and b not negative: sizes
# count alike, and no cost is foretold to fall. `check` is the size that is not fitted.

BEGIN {
    FS = ","
    terms["read"] = "byte of text|line"
    terms["matrix"] = "rating|user and item"
    terms["items"] = "multiply-add|rating"
    terms["users"] = "multiply-add|rating"
    terms["factors"] = "rating|user and item"
    terms["lists"] = "rating|user x item"
}

NR > 1 {
    if (!($1 in seen)) stage[++n_stages] = $1
    seen[$1]
    n = ++rows[$1]
    size[$1, n] = $2; ratings[$1, n] = $3; lines[$1, n] = $4 + $5; users[n] = $4; items[n] = $5
    x[$1, n] = $6; y[$1, n] = $7; cpu[$1, n] = $8; bytes[$1, n] = ($9 - $10) * 1048576; out[$1, n] = $11
    # How unequal lines are, from the largest size: the mean square of their numbers of ratings beside the mean's.
    if ($12 != "" && $3 > largest) {
        largest = $3
        user_spread = $12 * $4 / ($3 * $3)
        item_spread = $13 * $5 / ($3 * $3)
        text_line = text / $3
    }
    if ($1 == "read") text = $6
}

# Sets a and b for t ~ a x + b y of a stage, by the rows that are not `check`.
function fit(s, x, y, t,    i, u, v, uu, vv, uv, u1, v1, d) {
    uu = vv = uv = u1 = v1 = 0
    for (i = 1; i <= rows[s]; i++) {
        if (size[s, i] == check || t[s, i] <= 0) continue
        u = x[s, i] / t[s, i]; v = y[s, i] / t[s, i]
        uu += u * u; vv += v * v; uv += u * v; u1 += u; v1 += v
    }
    d = uu * vv - uv * uv
    a = b = -1
    if (d > 1e-9 * uu * vv) { a = (u1 * vv - v1 * uv) / d; b = (v1 * uu - u1 * uv) / d }
    if (a < 0 || b < 0) {
        # One term alone: the one that leaves the smaller error.
        if (u1 * u1 / uu >= v1 * v1 / vv) { a = u1 / uu; b = 0 } else { a = 0; b = v1 / vv }
    }
}

function percent(foretold, measured) { return sprintf("%+.0f %%", 100 * (foretold / measured - 1)) }
function amount(v,    k) {
    k = 1
    while (v >= 1000 && k < 7) { v /= 1000; k++ }
    return sprintf("%.3g%s", v, substr(" kMGTPE", k, 1) == " " ? "" : " " substr(" kMGTPE", k, 1))
}
function span(hours) {
    if (hours < 1 / 60) return sprintf("%.2g s", hours * 3600)
    if (hours < 1) return sprintf("%.2g min", hours * 60)
    return hours < 100 ? sprintf("%.3g h", hours) : sprintf("%.0f days", hours / 24)
}
function small(v) { return v == 0 ? "-" : sprintf("%.3g", v) }

END {
    print "# What the stages cost\n"
    print "Made by `make scale`; sizes fitted:"
    for (i = 1; i <= rows["read"]; i++)
        if (size["read", i] != check && size["read", i] != size["read", i - 1]) printf " %s", size["read", i]
    printf "; held against the fit: %s.\nTimes are processor nanoseconds a unit, memory bytes a unit above an idle program's.\n\n", check
    print "| stage | ns | each | ns | each | error at " check " | memory: bytes a rating | a user or item | error at " check " | output, bytes a rating |"
    print "|---|---|---|---|---|---|---|---|---|---|"
    for (k = 1; k <= n_stages; k++) {
        s = stage[k]
        split(terms[s], each, "|")
        fit(s, x, y, cpu); ca[s] = a; cb[s] = b
        fit(s, ratings, lines, bytes); ma[s] = a; mb[s] = b
        for (i = 1; i <= rows[s]; i++) {
            if (size[s, i] != check) continue
            off = percent(ca[s] * x[s, i] + cb[s] * y[s, i], cpu[s, i])
            far = percent(ma[s] * ratings[s, i] + mb[s] * lines[s, i], bytes[s, i])
            each_out = out[s, i] / ratings[s, i]
            if (off + 0 > worst) worst = off + 0
            if (-(off + 0) > worst) worst = -(off + 0)
        }
        fit(s, ratings, lines, out); oa[s] = a; ob[s] = b
        printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %.3g |\n", s, small(1e9 * ca[s]), each[1], small(1e9 * cb[s]),
            each[2], off, small(ma[s]), small(mb[s]), far, each_out
    }
    print "\nA dash is a cost too small to be told from the other at these sizes: what is foretold of larger ones is then a lower bound."
    printf "\nThe largest error of a time at %s is %d %%: %s\n", check, worst,
        worst <= 20 ? "within the 20 % that the model claims." : "MORE than the 20 % that the model claims; measure again on a quiet machine."
    printf "\nThe mean square of the numbers of ratings is %.2f times the squared mean for users, %.2f for items; larger sizes are\n", user_spread, item_spread
    print "foretold with the same. With N machines, times are divided by N and by their cores: parts are cut by equal work.\n"
    foretell("ML-25M's size", 162541, 59047, 25e6)
    foretell("a large shop", 1e7, 1e6, 1e9)
    foretell("the internet's", 1e9, 1e8, 1e11)
    breaks()
}

function foretell(name, u, i, r,    k, s, X, Y, t, m, f) {
    printf "\n## %s: %s users, %s items, %s ratings\n\n", name, amount(u), amount(i), amount(r)
    print "| stage | work | one core | 10 machines of 64 cores | 1000 of them | memory of one process | its files |"
    print "|---|---|---|---|---|---|---|"
    for (k = 1; k <= n_stages; k++) {
        s = stage[k]
        if (s == "read") { X = text_line * r; Y = r }
        if (s == "matrix" || s == "factors") { X = r; Y = u + i }
        if (s == "items") { X = user_spread * r * r / u; Y = r }
        if (s == "users") { X = item_spread * r * r / i; Y = r }
        if (s == "lists") { X = r; Y = u * i }
        t = (ca[s] * X + cb[s] * Y) / 3600
        m = ma[s] * r + mb[s] * (u + i)
        f = oa[s] * r + ob[s] * (u + i)
        need[s] = m
        if (s == "matrix") network = f
        hours[s] = t
        printf "| %s | %s | %s | %s | %s | %sB | %sB |\n", s, amount(X), span(t), span(t / 640), span(t / 64000), amount(m), amount(f)
    }
}

# What the last size says, the largest.
function breaks(    s, k, slowest, n) {
    for (k = 1; k <= n_stages; k++) { s = stage[k]; if (slowest == "" || hours[s] > hours[slowest]) slowest = s }
    n = need["items"] / 512e9
    print "\n## Where it breaks, and what answers\n"
    printf "1. **Memory, first.** Every process of `rs-sim`, `rs-factor` and `rs-score` holds the whole matrix: %sB at the largest size, %s times a machine of 512 GB. ", amount(need["items"]), amount(n)
    print "`--part` divides the work, not the matrix. The answer is to shard by blocks of items: a part that compares items A with items B needs their columns only, so with s blocks each process holds 2/s of the matrix and s(s+1)/2 processes do the whole, whose lists are merged by taking the best k. `--memory` does the same within one process, at the price of reading the matrix again for every block."
    printf "2. **Time, where work grows with the square.** The longest stage is `%s`: %s of one core. Work of `users` grows with the squares of the items' numbers of raters, which grow with the number of users; that of `items` with the squares of the users', which do not. So at this size compare items, not users. ", slowest, span(hours[slowest])
    print "Sampling at most c ratings of a user bounds the work of `items` by c times the ratings and leaves the similarity an estimate whose error falls with 1 / sqrt(co-ratings). Approximate neighbours (hashing or graphs over factor vectors) replace the square by n log n, and are no longer exact."
    printf "3. **Lists for everybody.** %s user-item pairs are looked at if every item is a candidate (%s of one core). Lists need only the neighbours of what a user rated, or the best of a few hundred items that approximate neighbours give; and most users need a list only when they come, which is the server's work and not the night's.\n", amount(1e9 * 1e8), span(hours["lists"])
    print "4. **Network.** Parts are sent the matrix once and return their rows: per machine the files of `matrix` in, and of the stage divided by the number of parts out."
    printf "At 10 Gbit/s the matrix of the largest size takes %s to each machine; the shards of 1. are also what makes this small.\n", span(network / 1.25e9 / 3600)
}
