# Context, factors, sample lists; what is not here; how it was done.

# What `make context` left in the same folder: context.csv, a row a split and measure, and dimensions.csv, a row a split,
# circumstance and task.
function context(   i) {
    if (!n_context) { leave_out("what context adds", "it was not asked (`make context` with the same `RATINGS` and `OUT`)"); return }
    print "h2", "context", "What context adds"
    print "p", "The *hybrid* with what hours, ages and other circumstances of a " entry " add to it, and without: on " entries \
        " taken out at random, and on the latest ones, where the past is to tell the future. A circumstance is kept if chance alone " \
        "would hardly give what it gains in training."
    circumstances()
    with_and_without()
    print "table", "All circumstances tried. Known: share of the " entries " that have it. Gain in training: of expected ratings in a " \
        "rating's squared error, of lists in the log-likelihood of a choice among 101 items; ±: its standard error. p: corrected by " \
        "Holm over the circumstances of a split and task.", "facts more"
    print "th", "split", "circumstance", "for", "values", "known", "gain", "±", "p", "kept"
    for (i = 1; i <= n_dimensions; i++) {
        read_row("dimensions", dimension_row[i])
        print "tr", split_name(field["split"]), clean(field["dimension"]), task_of(field["task"]), field["values"], \
            percent(field["coverage"]), fixed(field["gain"], 4), fixed(field["error"], 4), p_alone(field["adjusted"]), \
            field["kept"] == "true" ? "yes" : "no"
    }
    print "/table"
}
# In how many splits the hybrid is shown to be better with context, in short.
function context_pays(   i, m, n, better, worse, any, text) {
    for (i = 1; i <= n_context; i++) {
        read_row("context", context_row[i])
        m = field["metric"]
        if (m !~ /^(rmse|ndcg@10)$/) continue
        n[m]++
        if (!compare_context(context_row[i])) continue
        if (shown_of_context() == "better") better[m]++
        if (shown_of_context() == "worse") worse[m]++
    }
    for (i = 1; i <= n_metrics; i++) {
        m = metric[i]
        if (!n[m]) continue
        any += better[m] + worse[m]
        text = text (text == "" ? "" : ", ") task(m) " in " better[m] + 0 " of " n[m] (worse[m] ? " (worse in " worse[m] ")" : "")
    }
    if (text == "") return
    print "li", "*Does context pay?* " (any ? "With it the hybrid is shown to be better for " text " splits." : \
        "In none of the splits is the hybrid shown to be better with it, or worse.")
}
# The cells of a row of FILE by the names of its columns, in field.
function read_row(file, line,   k, part, cells) {
    csv(line, cells)
    for (k in column) { split(k, part, SUBSEP); if (part[1] == file) field[part[2]] = cells[column[k]] }
    field["p"] = numeric(field["p"]); field["adjusted"] = numeric(field["adjusted"])
}
function split_name(s) {
    if (s == "random") return "at random"
    if (s ~ /^after-/) return "the latest " sprintf("%.0f %%", 100 * substr(s, 7))
    return clean(s)
}
function task_of(s) { return s == "predict" ? "expected ratings" : "lists" }
# Which circumstances were kept in which split, and in which none was.
function circumstances(   i, s, n, splits, kept, n_none, none, n_names, names, seen) {
    for (i = 1; i <= n_dimensions; i++) {
        read_row("dimensions", dimension_row[i])
        s = field["split"]
        if (!(s in kept)) { splits[++n] = s; kept[s] = 0 }
        if (!seen[field["dimension"]]++) names[++n_names] = clean(field["dimension"])
        if (field["kept"] != "true") continue
        kept[s]++
        print "li", "*" capital(clean(field["dimension"])) "* moves " (field["task"] == "predict" ? "ratings" : "what is taken") \
            ", says the training of the split *" split_name(s) "* {" (field["task"] == "predict" ? "squared error " : "log-likelihood ") \
            fixed(field["gain"], 4) " ± " fixed(field["error"], 4) " better; " p_text(field["adjusted"]) "}."
    }
    for (i = 1; i <= n; i++) if (!kept[splits[i]]) none[++n_none] = split_name(splits[i])
    if (n_none > 0)
        print "li", "Nothing of " listed(names, n_names) " is kept in the split" (n_none > 1 ? "s " : " ") joined(none, n_none) \
            ": there, with context and without are the same."
}
# Whether a row of the comparison is of two that are not the same, in GAIN with its interval FROM, TO.
function compare_context(line,   s) {
    read_row("context", line)
    if (field["with"] == field["without"] && field["low"] == field["high"]) return 0
    s = field["metric"] ~ /^(rmse|mae)$/ ? -1 : 1
    GAIN = s * field["difference"]
    FROM = s > 0 ? field["low"] : -field["high"]
    TO = s > 0 ? field["high"] : -field["low"]
    return 1
}
function shown_of_context() { return field["p"] >= 0.05 || (FROM <= 0 && TO >= 0) ? "no difference" : FROM > 0 ? "better" : "worse" }
function with_and_without(   i, shown, open) {
    for (i = 1; i <= n_context; i++) {
        if (!compare_context(context_row[i]) || field["metric"] !~ /^(rmse|ndcg@10)$/) continue
        shown = shown_of_context()
        print "li", "In the test of *" split_name(field["split"]) "*, " task(field["metric"]) \
            (shown == "no difference" ? " are not shown to differ with context: " : " are " shown " with context: ") named(field["metric"]) \
            " " fixed(field["with"], 4) ", without " fixed(field["without"], 4) " {95 % interval of the gain " fixed(FROM, 4) " to " \
            fixed(TO, 4) "; over users " p_text(field["p"]) "}."
    }
    for (i = 1; i <= n_context; i++) {
        if (!compare_context(context_row[i])) continue
        if (!open++) {
            print "table", "The *hybrid* with context and without, where they are not the same. Gain: how much better with it; p: " \
                "paired test over users, of this comparison alone; n: users.", "facts"
            print "th", "split", "measure", "without", "with", "gain", "95 % interval", "p", "n", "shown"
        }
        print "tr", split_name(field["split"]), field["metric"] ~ /^(rmse|mae|ndcg)/ ? toupper(field["metric"]) : field["metric"], \
            fixed(field["without"], 4), fixed(field["with"], 4), fixed(GAIN, 4), \
            fixed(FROM, 4) " to " fixed(TO, 4), p_alone(field["p"]), whole(field["n"]), \
            shown_of_context()
    }
    if (open) print "/table"
}

function factors(   i, n, f) {
    if (!n_factor_lines) { leave_out("the picture of latent factors", "there are too few items or users to factorise"); return }
    print "h2", "factors", "What sets tastes apart"
    print "p", (implicit ? "Factors of what users take" : "Factors of what the biases of users and items leave unexplained") \
        " (singular value decomposition of a training matrix). What a factor means, its ends say; that it means one thing, nothing does."
    for (i = 1; i <= n_factor_lines; i++) {
        n = split(factor_line[i], f, "\t")
        print "li", "*Factor " f[1] "* holds " percent(f[2]) " of the squares. At its one end " clean(f[3]) "; at the other " \
            clean(f[4]) "." (f[5] == "" ? "" : " " clean(f[5]))
    }
    print "fig", "factors", "Items by the first two factors, the most rated ones, some with their titles; the larger the circle, " \
        "the more ratings (n = " factor_items " items). No units: entries of singular vectors, times 100."
}

function lists(   i, f, n, open, liked) {
    if (n_list == 0) {
        leave_out("sample recommendations", "the hybrid, which makes the lists, was not made on all ratings")
        return
    }
    print "h2", "lists", "Sample recommendations"
    print "p", "Of *hybrid* on all ratings, for the user with most " entries ", the one in the middle and the one with fewest. A " \
        "reason is what the user " (implicit ? "took" : "rated well") " that the item-based model holds for similar (cosine)."
    for (i = 1; i <= n_list; i++) {
        n = split(list[i], f, "\t")
        if (f[1] == "user") {
            if (open) print "/table"
            open = 0
            liked = ""
            print "h3", "User " clean(f[2]) ", " whole(f[3]) " " (f[3] == 1 ? entry : entries)
        } else if (f[1] == "liked") {
            liked = liked (liked == "" ? "" : "; ") clean(f[2]) (implicit ? "" : " (" f[3] ")")
        } else {
            if (!open) {
                if (liked != "") print "p", (implicit ? "Most often: " : "Rated highest: ") liked "."
                print "table", "What *hybrid* lists.", "list"
                print "th", "rank", "item", "score", "because"
            }
            open = 1
            print "tr", f[2], clean(f[3]), f[4], clean(f[5])
        }
    }
    if (open) print "/table"
}

function left_out(   i) {
    print "h2", "left", "What is left out, and why"
    if (n_left == 0) print "p", "Nothing."
    for (i = 1; i <= n_left; i++) print "li", "*" capital(clean(left_what[i])) ":* " left_why[i] "."
}

# Where a line counts, with commas.
function readable(s,   out) {
    gsub(/>=/, "≥", s)
    if (s !~ /^([0-9]|ranked:|left out|without training)/) return s
    while (match(s, /[0-9][0-9.]*/)) {
        out = out substr(s, 1, RSTART - 1) (RLENGTH > 3 && substr(s, RSTART, RLENGTH) !~ /\./ ? \
            whole(substr(s, RSTART, RLENGTH)) : substr(s, RSTART, RLENGTH))
        s = substr(s, RSTART + RLENGTH)
    }
    return out s
}
function protocol_section(   i) {
    print "h2", "how", "How it was measured"
    for (i = 1; i <= n_protocol; i++) {
        print "li", capital(readable(clean(protocol[i]))) "."
        if (protocol[i] ~ /^leak:/)
            print "li", "What a model gains by ratings later than those it is asked for, or of the same sitting" \
                (index(" " models " ", " gibbs ") ? " (as *gibbs* does, which uses times)" : "") \
                ", it will not have for the future: a split by time, `SPLIT='--after 0.2'`, tells how much that is."
    }
    if (n_models > 1)
        print "li", "“Shown to be better” here means all of these: p < 0.05 by Wilcoxon's signed-rank test over users after Holm's " \
            "correction over all comparisons of the same run, segments among themselves; a 95 % interval of the difference (1,000 " \
            "bootstrap draws of users) on one side of 0" (n_folds < 2 ? ". " : "; and the same one ahead in every fold on the whole. " \
            "The corrected resampled t test over folds (Nadeau and Bengio 2003) is given beside it: folds are few and share their " \
            "training, so that it asks for more than they can show. ") "What is not shown may still be so: more data could tell."
    print "li", "Differences between segments: z tests with the bootstrap's standard errors, Bonferroni's correction over the pairs of " \
        "a kind."
    if (n_models > 1) print "li", "Simpler: first the models that need no file, then those with one, then blends by the number of their parts; of equal " \
        "ones that which takes less than half the time."
    print "li", "Every figure is in `report/" clean("*") ".csv` beside this page. Made by rs " clean(version) ", `make report`."
}
