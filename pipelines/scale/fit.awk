# Fits each stage's processor seconds and memory to the terms that they should grow with, and writes the page.
#
# The fit is least squares of relative errors, min sum ((a x + b y + c z) / t - 1)^2, with a, b, c not negative: sizes
# count alike, and no cost is foretold to fall. `check` is the size that is not fitted.

BEGIN {
    FS = ","
    name_terms("read", "byte of text|line")
    name_terms("matrix", "rating|user and item")
    name_terms("items", "multiply-add|rating|pair of items")
    name_terms("users", "multiply-add|rating|pair of users")
    name_terms("factors", "rating|user and item")
    name_terms("lists", "rating|user x item")
}
function name_terms(s, names,    each, k) {
    stage[++n_stages] = s
    n_terms[s] = split(names, each, "|")
    for (k = 1; k <= n_terms[s]; k++) term[s, k] = each[k]
}

NR > 1 {
    n = ++rows[$1]
    size[$1, n] = $2; ratings[$1, n] = $3; lines[$1, n] = $4 + $5
    x[$1, n, 1] = $6; x[$1, n, 2] = $7; x[$1, n, 3] = $8
    cpu[$1, n] = $9; bytes[$1, n] = ($10 - $11) * 1048576; out[$1, n] = $12
    # How unequal lines are, from the largest size: the mean square of their numbers of ratings beside the mean's.
    if ($13 != "" && $3 > largest) {
        largest = $3
        user_spread = $13 * $4 / ($3 * $3)
        item_spread = $14 * $5 / ($3 * $3)
        text_line = text / $3
    }
    if ($1 == "read") text = $6
}

# Sets cost[1..n] for t ~ sum of cost[k] x[k] of stage S, by the rows that are not `check`: of all choices of terms the
# one with the least error among those in which none is negative.
function fit(s, x, t, n,    choice, error, least, k) {
    least = -1
    for (choice = 1; choice < 2 ^ n; choice++) {
        if (!solve(s, x, t, n, choice)) continue
        error = error_of(s, x, t, n)
        if (least >= 0 && error >= least * (1 - 1e-9)) continue
        least = error
        for (k = 1; k <= n; k++) best[k] = solution[k]
    }
    for (k = 1; k <= n; k++) cost[k] = best[k]
}
function is_fitted(s, i, t) { return size[s, i] != check && t[s, i] > 0 }
function error_of(s, x, t, n,    i, k, sum, squares) {
    for (i = 1; i <= rows[s]; i++) {
        if (!is_fitted(s, i, t)) continue
        sum = 0
        for (k = 1; k <= n; k++) sum += solution[k] * x[s, i, k]
        squares += (sum / t[s, i] - 1) ^ 2
    }
    return squares
}
# The normal equations of the terms whose bit is set in CHOICE, by Gauss and Jordan, each term in units of its own size. False
# if they have no solution, or one with a negative cost.
function solve(s, x, t, n, choice,    i, j, k, m, of, unit, a, factor) {
    for (k = 1; k <= n; k++) {
        solution[k] = 0
        if (int(choice / 2 ^ (k - 1)) % 2) of[++m] = k
    }
    for (j = 1; j <= m; j++)
        for (i = 1; i <= rows[s]; i++) if (is_fitted(s, i, t)) unit[j] += (x[s, i, of[j]] / t[s, i]) ^ 2
    for (j = 1; j <= m; j++) { if (unit[j] == 0) return 0; unit[j] = sqrt(unit[j]) }
    for (j = 1; j <= m; j++)
        for (i = 1; i <= rows[s]; i++) {
            if (!is_fitted(s, i, t)) continue
            a[j, m + 1] += x[s, i, of[j]] / t[s, i] / unit[j]
            for (k = 1; k <= m; k++) a[j, k] += x[s, i, of[j]] * x[s, i, of[k]] / (t[s, i] ^ 2 * unit[j] * unit[k])
        }
    for (j = 1; j <= m; j++) {
        if (a[j, j] < 1e-9) return 0
        for (i = 1; i <= m; i++) {
            if (i == j) continue
            factor = a[i, j] / a[j, j]
            for (k = j; k <= m + 1; k++) a[i, k] -= factor * a[j, k]
        }
    }
    for (j = 1; j <= m; j++) {
        solution[of[j]] = a[j, m + 1] / a[j, j] / unit[j]
        if (solution[of[j]] < 0) return 0
    }
    return 1
}
# What row I is expected to cost by the fit.
function expected(s, x, i, n,    k, sum) {
    for (k = 1; k <= n; k++) sum += cost[k] * x[s, i, k]
    return sum
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
    for (k = 1; k <= n_stages; k++)
        for (i = 1; i <= rows[stage[k]]; i++) {
            held[stage[k], i, 1] = ratings[stage[k], i]; held[stage[k], i, 2] = lines[stage[k], i]
            held[stage[k], i, 3] = 1
        }
    print "# What the stages cost\n"
    print "Made by `make scale`: every stage is run by one thread on synthetic ratings (`rs-synth`), with few and with many"
    print "users for each number of ratings, and its processor time, memory and output are fitted to the terms that they should"
    print "grow with, by least squares of relative errors, no cost being negative."
    printf "Sizes fitted:"
    for (i = 1; i <= rows["read"]; i++)
        if (size["read", i] != check && size["read", i] != size["read", i - 1]) printf " %s", size["read", i]
    printf "; held against the fit: %s, with users in between.\n", check
    print "Times are processor nanoseconds a unit, memory bytes a unit above an idle program's.\n"
    print "| stage | ns | error at " check " | memory: bytes a rating | a user or item | and MB | error at " check " | output, bytes a rating |"
    print "|---|---|---|---|---|---|---|---|"
    for (k = 1; k <= n_stages; k++) {
        s = stage[k]
        n = n_terms[s]
        fit(s, x, cpu, n)
        told = ""
        for (j = 1; j <= n; j++) {
            time_cost[s, j] = cost[j]
            told = told (j > 1 ? ", " : "") small(1e9 * cost[j]) " a " term[s, j]
        }
        for (i = 1; i <= rows[s]; i++) {
            if (size[s, i] != check) continue
            off = percent(expected(s, x, i, n), cpu[s, i])
            each_out = out[s, i] / ratings[s, i]
            if (off + 0 > worst) worst = off + 0
            if (-(off + 0) > worst) worst = -(off + 0)
        }
        fit(s, held, bytes, 3); ma[s] = cost[1]; mb[s] = cost[2]; mc[s] = cost[3]
        for (i = 1; i <= rows[s]; i++) if (size[s, i] == check) far = percent(expected(s, held, i, 3), bytes[s, i])
        fit(s, held, out, 2); oa[s] = cost[1]; ob[s] = cost[2]
        printf "| %s | %s | %s | %s | %s | %s | %s | %.3g |\n", s, told, off, small(ma[s]), small(mb[s]),
            mc[s] < 5e4 ? "-" : sprintf("%.1f", mc[s] / 1e6), far, each_out
    }
    print "\nA dash is a cost too small to be told from the others at these sizes."
    printf "The largest error of a time at %s is %d %%: %s\n", check, worst,
        worst <= 20 ? "within the 20 % that the model claims." : "MORE than the 20 % that the model claims; measure again on a quiet machine."
    printf "\nThe mean square of the numbers of ratings is %.2f times the squared mean for users, %.2f for items; larger sizes are\n", user_spread, item_spread
    print "foretold with the same. With N machines, times are divided by N and by their cores: parts are cut by equal work.\n"
    foretell("ML-25M's size", 162541, 59047, 25e6)
    foretell("a large shop", 1e7, 1e6, 1e9)
    foretell("the internet's", 1e9, 1e8, 1e11)
    breaks()
}

function foretell(name, u, i, r,    k, s, X, Y, Z, t, m, f) {
    printf "\n## %s: %s users, %s items, %s ratings\n\n", name, amount(u), amount(i), amount(r)
    print "| stage | work | one core | 10 machines of 64 cores | 1000 of them | memory of one process | its files |"
    print "|---|---|---|---|---|---|---|"
    for (k = 1; k <= n_stages; k++) {
        s = stage[k]
        Z = 0
        if (s == "read") { X = text_line * r; Y = r }
        if (s == "matrix" || s == "factors") { X = r; Y = u + i }
        if (s == "items") { X = user_spread * r * r / u; Y = r; Z = i * i / 2 }
        if (s == "users") { X = item_spread * r * r / i; Y = r; Z = u * u / 2 }
        if (s == "lists") { X = r; Y = u * i }
        t = (time_cost[s, 1] * X + time_cost[s, 2] * Y + time_cost[s, 3] * Z) / 3600
        m = ma[s] * r + mb[s] * (u + i) + mc[s]
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
    printf "2. **Time, where work grows with the square.** The longest stage is `%s`: %s of one core. Both stages of neighbours look at every pair of lines once, whatever these have in common: half the square of the number of users, or of items. And the multiply-adds of `users` grow with the squares of the items' numbers of raters, which grow with the number of users; those of `items` with the squares of the users', which do not. So at this size compare items, not users. ", slowest, span(hours[slowest])
    print "Sampling at most c ratings of a user bounds the work of `items` by c times the ratings and leaves the similarity an estimate whose error falls with 1 / sqrt(co-ratings). Approximate neighbours (hashing or graphs over factor vectors) replace the square by n log n, and are no longer exact."
    printf "3. **Lists for everybody.** %s user-item pairs are looked at if every item is a candidate (%s of one core). Lists need only the neighbours of what a user rated, or the best of a few hundred items that approximate neighbours give; and most users need a list only when they come, which is the server's work and not the night's.\n", amount(1e9 * 1e8), span(hours["lists"])
    print "4. **Network.** Parts are sent the matrix once and return their rows: per machine the files of `matrix` in, and of the stage divided by the number of parts out."
    printf "At 10 Gbit/s the matrix of the largest size takes %s to each machine; the shards of 1. are also what makes this small.\n", span(network / 1.25e9 / 3600)
}
