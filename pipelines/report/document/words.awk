# Small words: numbers, names, what is left out.

# Signs that mean something to page.awk and markdown.awk, out of the way.
function clean(s) {
    gsub(/\t/, " ", s); gsub(/\*/, "\001", s); gsub(/`/, "\002", s); gsub(/\|/, "\003", s); gsub(/{/, "\004", s); gsub(/}/, "\005", s)
    return s
}
function whole(x,   s, out) {
    if (x == "") return "–"
    s = sprintf("%.0f", x)
    while (length(s) > 3) { out = "," substr(s, length(s) - 2) out; s = substr(s, 1, length(s) - 3) }
    return s out
}
# 0 % and 100 % are none and all.
function percent(x,   p) {
    p = 100 * x
    if (x == "" || p <= 0 || p >= 100) return x == "" ? "–" : sprintf("%.0f %%", p)
    if (p < 0.05 || p > 99.95) return p < 0.05 ? "< 0.1 %" : "> 99.9 %"
    return sprintf(p < 10 || p > 99 ? "%.1f %%" : "%.0f %%", p)
}
function fixed(x, digits,   s) {
    if (x == "") return "–"
    s = sprintf("%." digits "f", x)
    return s ~ /^-[0.]+$/ ? substr(s, 2) : s
}
function dash(s) { return s == "" ? "–" : s }
function capital(s) { return toupper(substr(s, 1, 1)) substr(s, 2) }
function summary(name) { return cell["summary", name, "value"] }
function p_text(p) { return p < 0.0001 ? "p < 0.0001" : p < 0.1 ? sprintf("p = %.4f", p) : sprintf("p = %.2f", p) }
function p_alone(p,   s) { s = p_text(p); sub(/^p =? */, "", s); return s }
function named(m) { return m == "rmse" ? "RMSE" : "NDCG@10" }
function task(m) { return m == "rmse" ? "expected ratings" : "lists" }
function sign(m) { return m == "rmse" ? -1 : 1 }
function leave_out(what, why) { left_what[++n_left] = what; left_why[n_left] = why }
function listed(list, n,   i, s) {
    for (i = 1; i <= n; i++) s = s (i == 1 ? "" : i == n ? " and " : ", ") list[i]
    return s
}
function joined(list, n,   i, strong) {
    for (i = 1; i <= n; i++) strong[i] = "*" list[i] "*"
    return listed(strong, n)
}
function figure_of(m, seg, metric) { return seg == "all" ? value[m, "all", metric] : group[seg, m, metric] }
function interval_of(m, seg, metric, digits,   l, h) {
    l = figure_of(m, seg, metric ".low"); h = figure_of(m, seg, metric ".high")
    return l == "" ? "" : fixed(l, digits) " to " fixed(h, digits)
}
function figure_and_interval(m, metric,   s) {
    s = interval_of(m, "all", metric, 4)
    return named(metric) " of " fixed(figure_of(m, "all", metric), 4) \
        (s == "" ? "" : " {95 % interval " s "; " (sign(metric) < 0 ? "less" : "more") " is better}")
}
function upper(word) { return toupper(substr(word, 1, 1)) substr(word, 2) }
function kind_of(s) { sub(/:.*/, "", s); return s }
# Within its kind, what a segment is: `genre Drama` is Drama among genres.
function label_within(s) { return kind_of(s) ~ /^(genre|sex|age|occupation)$/ ? clean(substr(s, length(kind_of(s)) + 2)) : label(s) }
function label(s,   kind, rest) {
    kind = kind_of(s)
    rest = substr(s, length(kind) + 2)
    if (kind == "activity") return "users with " rest " " entries
    if (kind == "taste") return "users of " rest " taste"
    if (kind == "habit") return (rest == "middle" ? "usual" : rest) " raters"
    if (kind == "popularity") return "items of the " rest
    if (kind == "genre") return "genre " clean(rest)
    if (kind == "sex" || kind == "age" || kind == "occupation") return kind " " clean(rest)
    if (kind == "time") { sub(/\.\./, " to ", rest); return rest }
    if (kind == "hour") { sub(/-/, " to ", rest); return rest " h (UTC)" }
    if (kind == "weekday") return day_name(rest)
    if (kind == "cold-items") return "items without training"
    if (kind == "cold-users") return "users without training"
    if (kind == "cold-both") return "users and items without training"
    if (kind == "warm") return "users and items with training"
    return clean(s)
}
function day_name(d,   short, long, i) {
    split("Mon Tue Wed Thu Fri Sat Sun", short, " ")
    split("Mondays Tuesdays Wednesdays Thursdays Fridays Saturdays Sundays", long, " ")
    for (i = 1; i <= 7; i++) if (short[i] == d) return long[i]
    return d
}
