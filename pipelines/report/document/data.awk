# The data: how many, how spread, when, of what.

function data() {
    print "h2", "data", "The data"
    print "tile", entries, whole(summary("ratings"))
    print "tile", "users", whole(summary("users"))
    print "tile", "items", whole(summary("items"))
    print "tile", "empty cells", sprintf("%.2f %%", 100 * summary("sparsity"))
    if (!implicit) print "tile", "mean rating", fixed(summary("mean"), 2) " ± " fixed(summary("deviation"), 2)
    if (("span", "first", "when") in cell)
        print "tile", "time", substr(cell["span", "first", "when"], 1, 7) " to " substr(cell["span", "last", "when"], 1, 7)
    concentration()
    if (!implicit)
        print "p", "Differences between users' means make " percent(summary("variance_between_users")) " of the variance of ratings, " \
            "those between items' means " percent(summary("variance_between_items")) " (each by itself, on all ratings): what a model " \
            "of biases can know of."
    common()
    data_pictures()
    data_tables()
}
function concentration(   i, r, text) {
    for (i = 1; i <= n_rows["item_ranks"]; i++) {
        r = row["item_ranks", i]
        if (cell["item_ranks", r, "ratings_share"] >= 0.5) break
    }
    text = "Half of all " entries " are of the " percent(cell["item_ranks", r, "lines_share"]) " of items that have most (Gini " \
        fixed(summary("gini_items"), 2) "; of users " fixed(summary("gini_users"), 2) "); " \
        (summary("items_with_one") > 0 ? percent(summary("items_with_one")) " of items have" : "no item has") " a single one. Half of the users have " fixed(cell["quantiles", 6, "user_n"], 0) \
        " " entries " or fewer, half of the items " fixed(cell["quantiles", 6, "item_n"], 0) "."
    if (summary("tail_exponent_items") != "")
        text = text " From " whole(summary("tail_from_items")) " " entries " on, the tail of items falls like a power law with exponent " \
            fixed(summary("tail_exponent_items"), 2) " (maximum likelihood; that it is one is not tested)."
    print "p", text
}
function common(   text) {
    text = percent(cell["co_rating", "users", "share"]) " of all pairs of users have an item in common" estimated("users") ", " \
        percent(cell["co_rating", "items", "share"]) " of all pairs of items a user" estimated("items") ": that is what neighbours " \
        "are made of."
    if (("min_count", 3, "pairs_share") in cell && cell["min_count", 3, "pairs_share"] == 1)
        text = text " No user and no item has fewer than 5 " entries "."
    else if (("min_count", 3, "pairs_share") in cell)
        text = text " Keeping only users and items with at least 5 " entries " would leave " percent(cell["min_count", 3, "users_share"]) \
            " of users, " percent(cell["min_count", 3, "items_share"]) " of items and " \
            percent(cell["min_count", 3, "pairs_share"]) " of " entries "."
    if (cell["repeated", "ratings", "share"] > 0)
        text = text " " percent(cell["repeated", "ratings", "share"]) " of " entries " repeat a pair of user and item."
    print "p", text
}
function estimated(side) {
    return cell["co_rating", side, "exact"] == 1 ? "" : " (estimated from " whole(cell["co_rating", side, "examined"]) \
        " " side ", ± " fixed(196 * cell["co_rating", side, "error"], 1) " percentage points)"
}
function data_pictures(   n) {
    n = whole(summary("ratings"))
    if (!implicit) print "fig", "rating", "Ratings by value, in % of all (n = " n ")."
    print "fig", "tail", "The long tail: " entries " of each item and of each user by rank, both axes logarithmic (" \
        whole(summary("items")) " items, " whole(summary("users")) " users)."
    print "fig", "share", "Concentration: share of all " entries " that go to the items that have most and come from the most active users " \
        "(n = " n ")."
    print "fig", "activity", "Activity: users by the number of their " entries ", and the share of all that they give (n = " \
        whole(summary("users")) " users)."
    print "fig", "matrix", "The matrix: the stronger the colour, the larger the share of a cell's pairs that occur (root scale; n = " \
        n " " entries ", " percent(1 - summary("sparsity")) " of all pairs)."
    print "fig", "months", upper(entries) " by month (UTC; n = " n ")."
    print "fig", "hours", upper(entries) " by hour of the day, in % (UTC; n = " n ")."
}
# Whether an item has several of these categories: then they have more ratings than there are.
function several(name,   i, sum) {
    for (i = 1; i <= n_rows[name]; i++) sum += cell[name, row[name, i], "n"]
    return sum > summary("ratings")
}
function data_tables(   g, i, r, name, what, side) {
    for (g = 1; g <= n_group_figures; g++) {
        name = group_figure[g]
        if (n_rows[name] > 24 || n_rows[name] < 2) continue
        what = clean(substr(name, index(name, ":") + 1))
        side = name ~ /^context/ ? "" : substr(name, 1, index(name, ":") - 1)
        print "table", upper(entries) " by " what (side == "" ? "" : " of the " side) \
            (what == "region" ? ", the first character of the postal code" : "") \
            " (n = " whole(summary("ratings")) (several(name) ? "; what has several counts in each" : "") ").", "small"
        print "th", what (side == "" ? "" : OFS side "s"), entries, "share", "mean", "st. dev."
        for (i = 1; i <= n_rows[name]; i++) {
            r = row[name, i]
            print "tr", clean(r) (side == "" ? "" : OFS whole(cell[name, r, "subjects"])), whole(cell[name, r, "n"]), \
                percent(cell[name, r, "share"]) "|" fixed(cell[name, r, "share"], 2), \
                fixed(cell[name, r, "mean"], 2), fixed(cell[name, r, "deviation"], 2)
        }
        print "/table"
    }
}
