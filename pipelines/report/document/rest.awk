# Context, factors, sample lists; what is not here; how it was done.

# A table that another comparison left as OUT/context.csv: names of columns, the first of which says what a row is of, then
# rows. OUT/context.txt holds what is to be said of it, a paragraph a line.
function context(   i, j, n, f, line) {
    if (!n_context) { leave_out("what context adds", "no models with context were compared"); return }
    print "h2", "context", "What context adds"
    for (i = 1; i <= n_context_words; i++) print "p", clean(context_word[i])
    print "table", "Models with context and without."
    line = "th"
    for (j = 1; j <= n_columns; j++) line = line "\t" clean(context_column[j])
    print line
    for (i = 1; i <= n_context; i++) {
        n = csv(context_row[i], f)
        line = "tr"
        for (j = 1; j <= n; j++) line = line "\t" (f[j] ~ /^-?[0-9]+\.[0-9]+$/ ? fixed(f[j], 4) : dash(clean(f[j])))
        print line
    }
    print "/table"
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
    print "p", "Of *hybrid* on all ratings, for the users with most, with half the others' and with fewest ratings. A reason is what " \
        "the user rated well that the item-based model holds for similar (cosine)."
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

function protocol_section(   i) {
    print "h2", "how", "How it was measured"
    for (i = 1; i <= n_protocol; i++) {
        print "li", capital(clean(protocol[i])) "."
        if (protocol[i] ~ /^leak:/)
            print "li", "What a model gains by ratings later than those it is asked for, or of the same sitting" \
                (index(" " models " ", " gibbs ") ? " (as *gibbs* does, which uses times)" : "") \
                ", it will not have for the future: a split by time, `SPLIT='--after 0.2'`, tells how much that is."
    }
    print "li", "“Shown to be better” here means all of these: p < 0.05 by Wilcoxon's signed-rank test over users after Holm's " \
        "correction over all comparisons of the same run, segments among themselves; a 95 % interval of the difference (1,000 " \
        "bootstrap draws of users) on one side of 0; and, where there are folds, the same one ahead in every fold on the whole. The " \
        "corrected resampled t test over folds (Nadeau and Bengio 2003) is given beside it: folds are few and share their training, " \
        "so that it asks for more than they can show. What is not shown may still be so: more data could tell."
    print "li", "Differences between segments: z tests with the bootstrap's standard errors, Bonferroni's correction over the pairs of " \
        "a kind."
    print "li", "Simpler: first the models that need no file, then those with one, then blends by the number of their parts; of equal " \
        "ones that which takes less than half the time."
    print "li", "Every figure is in `report/" clean("*") ".csv` beside this page. Made by rs " clean(version) ", `make report`."
}
