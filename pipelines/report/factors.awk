# Joins factors with titles and categories. See the script `factors`.
BEGIN { drawn = 300; asked = 1000; labels = 26; width = 650; height = 460 }
FNR == 1 { file = FILENAME; sub(/.*\//, "", file) }
file == "described" {
    share[FNR] = number($0, "share")
    ends[FNR, 1] = titles($0, "most")
    ends[FNR, 2] = titles($0, "least")
    n_factors = FNR
}
file == "items" && FNR == 1 {
    for (i = 2; i <= NF; i++) if ($i == "title" || ($i == "name" && !at_title)) at_title = i; else if ($i == category_name) at_category = i
    next
}
file == "items" { title[$1] = at_title && $at_title != "" ? $at_title : $1; category[$1] = at_category ? $at_category : "" }
file == "vectors" { x[FNR] = 100 * $1; y[FNR] = 100 * $2 }
file == "counts" { item[++n] = $1; count[n] = $2 }
END {
    if (n_factors < 2 || n < 10) exit
    for (i = 1; i <= n; i++) if (count[i] > 0) with[count[i]]++
    n_used = most_rated(asked)
    for (f = 1; f <= 2; f++) print f, share[f], ends[f, 1], ends[f, 2], leaning(f)
    n_used = most_rated(drawn)
    draw()
}
BEGIN { OFS = "\t" }

function with_commas(n) { return n < 1000 ? n : int(n / 1000) sprintf(",%03d", n % 1000) }
function size(x) { return x < 0 ? -x : x }
function number(line, name) {
    if (!match(line, "\"" name "\":[-0-9.e+]+")) return ""
    return substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
}
# The strings of the array NAME in a line of JSON, in quotes and joined.
function titles(line, name,   s, text, c, i) {
    i = index(line, "\"" name "\":[")
    s = substr(line, i + length(name) + 4)
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (c == "\\") { text = text substr(s, ++i, 1); continue }
        if (c == "\"") { text = text (open ? "”" : "“"); open = !open; continue }
        if (c == "]" && !open) return text
        text = text (c == "," && !open ? ", " : c)
    }
    return text
}
# The places in x, y, count of the WANTED items that are rated most, in place[]; returns how many.
function most_rated(wanted,   i, least, k) {
    for (i in with) if (i + 0 > largest) largest = i + 0
    for (i = largest; i > 0 && k < wanted; i--) if (i in with) { k += with[i]; least = i }
    k = 0
    for (i = 1; i <= n; i++) if (count[i] >= least) place[++k] = i
    return k
}
# Categories that lie towards an end: correlation of belonging to one with the entry, which grows with the root of an item's
# ratings and is divided by it; Fisher's z, Bonferroni's correction.
function leaning(f,   i, j, k, e, sum, squares, belong, of, parts, name, m, c, r, z, n_names, shown, towards, n_shown, up, down) {
    for (i = 1; i <= n_used; i++) {
        k = place[i]
        e = (f == 1 ? x[k] : y[k]) / sqrt(count[k])
        sum += e; squares += e * e
        m = split(category[item[k]], parts, "|")
        for (j = 1; j <= m; j++) {
            if (parts[j] == "") continue
            if (!(parts[j] in belong)) name[++n_names] = parts[j]
            belong[parts[j]]++; of[parts[j]] += e
        }
    }
    if (n_used < 30 || n_names < 2 || n_names > 60) return ""
    squares = squares - sum * sum / n_used
    for (i = 1; i <= n_names; i++) {
        c = name[i]; m = belong[c]
        if (m < 5 || m > n_used - 5 || squares <= 0) continue
        r = (of[c] - m * sum / n_used) / sqrt(squares * m * (n_used - m) / n_used)
        z = 0.5 * log((1 + r) / (1 - r)) * sqrt(n_used - 3)
        if (2 * upper_tail(z < 0 ? -z : z) * n_names > 0.05) continue
        for (j = ++n_shown; j > 1 && size(towards[j - 1]) < size(r); j--) { shown[j] = shown[j - 1]; towards[j] = towards[j - 1] }
        shown[j] = c; towards[j] = r
    }
    for (i = 1; i <= n_shown; i++) {
        c = shown[i] sprintf(" (r = %.2f)", towards[i])
        if (towards[i] > 0) up = up (up == "" ? "" : ", ") c
        else down = down (down == "" ? "" : ", ") c
    }
    if (up == "" && down == "") return "No category of the " with_commas(n_used) " items that are rated most is shown to lie towards either end."
    return "Of the " with_commas(n_used) " items that are rated most, " (up == "" ? "" : "towards the first end lie those of " up) \
        (up != "" && down != "" ? "; " : "") (down == "" ? "" : "towards the second those of " down) \
        " (p < 0.05 after Bonferroni's correction over " n_names " categories)."
}
# Of the normal distribution (Abramowitz and Stegun 26.2.17).
function upper_tail(z,   t) {
    t = 1 / (1 + 0.2316419 * z)
    return 0.3989422804 * exp(-z * z / 2) * t * \
        (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
}

# The items as circles, and titles where they find room: those farthest from the middle first.
function draw(   i, k, far, best, done, placed, s, most) {
    for (i = 1; i <= n_used; i++) {
        k = place[i]
        if (i == 1 || x[k] < x_low) x_low = x[k]
        if (i == 1 || x[k] > x_high) x_high = x[k]
        if (i == 1 || y[k] < y_low) y_low = y[k]
        if (i == 1 || y[k] > y_high) y_high = y[k]
        if (count[k] > most) most = count[k]
    }
    if (x_high <= x_low || y_high <= y_low) exit
    for (i = 1; i <= n_used; i++) {
        k = place[i]
        px[k] = (0.04 + (x[k] - x_low) / (x_high - x_low)) / 1.08 * width
        py[k] = (0.04 + (y[k] - y_low) / (y_high - y_low)) / 1.08 * height
    }
    for (;;) {
        best = 0
        for (i = 1; i <= n_used; i++) {
            k = place[i]
            far = (2 * px[k] / width - 1) ^ 2 + (2 * py[k] / height - 1) ^ 2
            if (!(k in done) && (!best || far > farthest)) { best = k; farthest = far }
        }
        if (!best) break
        done[best] = 1
        if (placed < labels && room(best)) { placed++; shown[best] = side }
    }
    for (i = 1; i <= n_used; i++) {
        k = place[i]
        s = k in shown ? shown[k] "\t" short(item[k]) : "-\t-"
        print x[k], y[k], sprintf("%.2f", 0.35 + 0.9 * sqrt(count[k] / most)), s >picture
    }
}
function short(i,   s) {
    s = i in title ? title[i] : i
    gsub(/["\\\t]/, "", s)
    sub(/ \([0-9]+\)$/, "", s)
    return length(s) > 26 ? substr(s, 1, 25) "…" : s
}
# Finds whether the title of K has room beside its circle, on the side away from the edge, and takes it.
function room(k,   w, from, i) {
    w = 6.9 * length(short(item[k])) + 14
    side = px[k] > width / 2 ? "left" : "right"
    from = side == "right" ? px[k] : px[k] - w
    for (i = 1; i <= boxes; i++)
        if (from < box_to[i] && from + w > box_from[i] && py[k] - box_y[i] < 15 && box_y[i] - py[k] < 15) return 0
    boxes++
    box_from[boxes] = from; box_to[boxes] = from + w; box_y[boxes] = py[k]
    return 1
}
