# Figures to pictures: writes TO/*.dat and TO/plots.gp, the pictures that these data allow.
FNR == 1 { file = file_name(); if (file != "factors") next }
file == "factors" {
    split($0, f, "\t")
    if (f[4] != "-") n_labels[f[4]]++
    for (i = 1; i <= 2; i++) {
        if (!n_items || f[i] < lowest[i]) lowest[i] = f[i] + 0
        if (!n_items || f[i] > highest[i]) highest[i] = f[i] + 0
    }
    n_items++
    next
}
file == "beyond" {
    csv($0, f)
    if (f[2] == "all" && f[3] == "all") value[f[1], "all", f[4]] = f[5]
}
file == "data" {
    csv($0, f)
    cell[f[1], f[2], f[3]] = f[4]
    if (!((f[1], f[2]) in seen)) { seen[f[1], f[2]] = 1; row[f[1], ++n_rows[f[1]]] = f[2] }
}
file == "figures" {
    csv($0, f)
    if (f[3] != "all") next
    value[f[1], f[2], f[4]] = f[5]
    if (!(f[1] in is_model)) { is_model[f[1]] = 1; model[++n_models] = f[1] }
    if (f[2] != "all" && !(f[2] in is_fold)) { is_fold[f[2]] = 1; fold[++n_folds] = f[2] }
}
file == "costs" { csv($0, f); seconds[f[1]] = f[2] }

END {
    gp = to "/plots.gp"
    printf "" >gp
    implicit = cell["summary", "implicit", "value"] == 1
    entry = implicit ? "event" : "rating"
    entries = entry "s"
    ratings()
    tail()
    activity()
    sparsity()
    months()
    hours()
    if (!implicit) intervals("rmse", "RMSE, 95 % interval (less is better)", 1)
    intervals("ndcg@10", "NDCG@10, 95 % interval (more is better)", -1)
    precision_recall()
    folds("rmse", "RMSE", implicit)
    folds("ndcg@10", "NDCG@10", 0)
    costs(implicit ? "ndcg@10" : "rmse", implicit ? "NDCG@10" : "RMSE")
    reach()
    factors()
}

function begin(name, size) {
    if (size != "") print "set terminal svg size " size " dynamic noenhanced font \"sans-serif,13\"" >gp
    print "set output \"" name ".svg\"" >gp
}
function end() { print "unset output; reset; load \"" style "\"" >gp }

function ratings(   i, n, r, exact, dat) {
    n = n_rows["rating"]
    if (n < 2) return
    dat = to "/rating.dat"
    exact = cell["rating", row["rating", 1], "low"] == cell["rating", row["rating", 1], "high"]
    for (i = 1; i <= n; i++) {
        r = row["rating", i]
        print cell["rating", r, "low"], cell["rating", r, "high"], 100 * cell["rating", r, "share"] >dat
    }
    close(dat)
    begin("rating")
    print "set xlabel \"rating\"; set ylabel \"ratings (%)\"; set yrange [0:*]" >gp
    if (!exact && cell["rating", row["rating", 1], "low"] > 0 && \
        cell["rating", row["rating", n], "high"] > 100 * cell["rating", row["rating", 1], "low"]) print "set logscale x" >gp
    if (exact && n <= 20)
        print "plot \"rating.dat\" using 0:3:xtic(1) with boxes lc rgb \"#0072B2\" notitle" >gp
    else if (exact)
        print "plot \"rating.dat\" using 1:3 with boxes lc rgb \"#0072B2\" notitle" >gp
    else
        print "plot \"rating.dat\" using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror lc rgb \"#0072B2\" notitle" >gp
    end()
}
function tail(   side, i, r, dat) {
    if (n_rows["item_ranks"] < 3) return
    for (side = 1; side <= 2; side++) {
        name = side == 1 ? "item_ranks" : "user_ranks"
        dat = to "/" name ".dat"
        for (i = 1; i <= n_rows[name]; i++) {
            r = row[name, i]
            print cell[name, r, "rank"], cell[name, r, "n"], 100 * cell[name, r, "lines_share"], \
                100 * cell[name, r, "ratings_share"] >dat
        }
        close(dat)
    }
    begin("tail")
    print "set logscale xy; set xlabel \"rank\"; set ylabel \"" entries "\"; set grid xtics; set key top right" >gp
    print "plot \"item_ranks.dat\" using 1:2 with lines lw 2.5 lc rgb \"#0072B2\" title \"items\", " \
        "\"user_ranks.dat\" using 1:2 with lines lw 2.5 dt 2 lc rgb \"#D55E00\" title \"users\"" >gp
    end()
    begin("share")
    print "set xlabel \"items that have most (most active users) (%)\"; set ylabel \"share of " entries " (%)\"; set key bottom right" >gp
    print "set xrange [0:100]; set yrange [0:100]" >gp
    print "plot \"item_ranks.dat\" using 3:4 with lines lw 2.5 lc rgb \"#0072B2\" title \"items\", " \
        "\"user_ranks.dat\" using 3:4 with lines lw 2.5 dt 2 lc rgb \"#D55E00\" title \"users\", " \
        "x with lines lw 1 dt 3 lc rgb \"#000001\" title \"if all had as many\"" >gp
    end()
}
function activity(   i, r, dat) {
    if (n_rows["user_counts"] < 2) return
    dat = to "/activity.dat"
    for (i = 1; i <= n_rows["user_counts"]; i++) {
        r = row["user_counts", i]
        low = cell["user_counts", r, "low"]
        high = cell["user_counts", r, "high"]
        printf "\"%s\" %s %s\n", low == high ? low : low "-" high, 100 * cell["user_counts", r, "share"], \
            100 * cell["user_counts", r, "ratings_share"] >dat
    }
    close(dat)
    begin("activity")
    print "set xlabel \"" entries " of a user\"; set ylabel \"%\"; set yrange [0:*]; set xtics rotate by -35" >gp
    print "set key outside top center horizontal; set boxwidth 0.4" >gp
    print "plot \"activity.dat\" using ($0-0.2):2:xtic(1) with boxes lc rgb \"#0072B2\" title \"of users\", " \
        "\"\" using ($0+0.2):3 with boxes lc rgb \"#E69F00\" title \"of " entries "\"" >gp
    end()
}
# The shade is the root of the share, so that thin parts are seen; 255 is fully transparent. A cell takes whole pixels, so
# that neither gaps nor overlaps are seen between cells.
function sparsity(   columns, rows, wide, high) {
    columns = cells(summary("items"), 60)
    rows = cells(summary("users"), 36)
    wide = int(420 / columns) * columns
    high = int(240 / rows) * rows
    begin("matrix", "480," high + 54)
    print "set lmargin at screen 42.0/480; set rmargin at screen " 42 + wide ".0/480" >gp
    print "set tmargin at screen " high + 42 ".0/" high + 54 "; set bmargin at screen 42.0/" high + 54 >gp
    print "set xrange [0:1]; set yrange [1:0]; unset grid; set border 15; unset tics" >gp
    print "set xlabel \"items, those that have most first\"; set ylabel \"users, most active first\"" >gp
    print "plot \"matrix.dat\" using 1:2:1:($1+$4):2:($2+$5):(int(255*(1-sqrt($3)))*16777216+0x0072B2) " \
        "with boxxyerror lc rgb variable notitle" >gp
    end()
}
function cells(n, most) { return n < 1 ? 1 : n < most ? n : most }
function summary(name) { return cell["summary", name, "value"] }
function months(   n, i, r, dat, year) {
    n = n_rows["month"]
    if (n < 2) return
    dat = to "/month.dat"
    for (i = 1; i <= n; i++) {
        r = row["month", i]
        print r "-15", cell["month", r, "n"], cell["month", r, "mean"] >dat
    }
    close(dat)
    begin("months")
    print "unset mxtics; set xdata time; set timefmt \"%Y-%m-%d\"; set xtics format \"" (n > 30 ? "%Y" : "%m/%y") "\" rotate by -35" >gp
    print "set ylabel \"" entries " a month\"; set yrange [0:*]; set xlabel \"month\"" >gp
    print "set boxwidth 24*86400 absolute; set rmargin 4" >gp
    print "set xrange [\"" row["month", 1] "-01\":\"" row["month", n] "-28\"]" >gp
    print "plot \"month.dat\" using 1:2 with boxes lc rgb \"#0072B2\" notitle" >gp
    end()
}
function hours(   i, r, dat) {
    if (n_rows["hour"] < 24) return
    dat = to "/hour.dat"
    for (i = 1; i <= 24; i++) {
        r = row["hour", i]
        print i - 1, 100 * cell["hour", r, "share"] >dat
    }
    close(dat)
    begin("hours")
    print "set xlabel \"hour of the day (UTC)\"; set ylabel \"" entries " (%)\"; set yrange [0:*]; set xrange [-0.6:23.6]; set xtics 0,6,24" >gp
    print "plot \"hour.dat\" using 1:2 with boxes lc rgb \"#0072B2\" notitle" >gp
    end()
}

# Models and their colours: those that learn apart, those that need no file in grey. Beside Okabe and Ito's two of Tol's.
function colour(m) {
    if (m == "hybrid") return "#D55E00"
    if (m == "user-item") return "#CC79A7"
    if (m == "user") return "#0072B2"
    if (m == "item") return "#009E73"
    if (m == "popular") return "#E69F00"
    if (m == "baseline") return "#56B4E9"
    if (m ~ /^(random|global-mean|user-mean|item-mean)$/) return "#8c8c8c"
    return number(m) % 3 == 1 ? "#000001" : number(m) % 3 == 2 ? "#999933" : "#CC6677"
}
# Of the models without a colour of their own, in the order in which they come.
function number(m) {
    if (!(m in given)) given[m] = ++n_given
    return given[m]
}
# Signs that tell models apart without colour: of gnuplot's, no two models without one of their own share one until the eighth.
function point(m,   signs) {
    if (m == "hybrid") return 7
    if (m == "user-item") return 13
    if (m == "user") return 5
    if (m == "item") return 9
    if (m == "popular") return 11
    if (m == "baseline") return 4
    split("6 8 12 2 10 1 3", signs, " ")
    return signs[(number(m) - 1) % 7 + 1]
}
# MODELS with a figure, best first, in order[]; returns how many.
function ranked(metric, sign, order,   i, j, n, m) {
    n = 0
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (value[m, "all", metric] == "") continue
        for (j = ++n; j > 1 && sign * value[order[j - 1], "all", metric] > sign * value[m, "all", metric]; j--)
            order[j] = order[j - 1]
        order[j] = m
    }
    return n
}
function intervals(metric, label, sign,   n, i, m, dat, name, order, low, high, least, most) {
    n = ranked(metric, sign, order)
    if (n < 1) return
    name = metric == "rmse" ? "accuracy" : "ranking"
    dat = to "/" name ".dat"
    for (i = 1; i <= n; i++) {
        m = order[i]
        low = value[m, "all", metric ".low"]; high = value[m, "all", metric ".high"]
        if (low == "") low = value[m, "all", metric]
        if (high == "") high = value[m, "all", metric]
        if (i == 1 || low < least) least = low
        if (i == 1 || high > most) most = high
        printf "%s \"%s\" %s %s %s 0x%s %d\n", n - i, m, value[m, "all", metric], low, high, rgb(colour(m)), point(m) >dat
    }
    close(dat)
    begin(name, "480," (90 + 24 * n))
    print "set xlabel \"" label "\"; set yrange [-0.6:" n - 0.4 "]; unset grid; set grid xtics lc rgb \"#c8c8c9\" lw 1 lt 1" >gp
    print "set ytics scale 0; set xtics autofreq; set offsets graph " (sign < 0 ? 0 : 0.03) ", graph 0.05, 0, 0" >gp
    if (sign < 0) print "set xrange [0:*]" >gp
    tics("x", sign < 0 ? 0 : least, most)
    print "plot \"" name ".dat\" using 3:1:4:5:6:ytic(2) with xerrorbars pt 7 ps 0.7 lw 1.8 lc rgb variable notitle" >gp
    end()
}
# Marks of an axis that spans about from LOW to HIGH, all with as many digits.
function tics(axis, low, high,   step, power) {
    step = (high - low) / 7
    if (step <= 0) return
    for (power = 1; power > step; power /= 10) continue
    for (; power * 10 <= step; power *= 10) continue
    step = step <= 1.0001 * power ? power : step <= 2 * power ? 2 * power : step <= 5 * power ? 5 * power : 10 * power
    printf "set %stics %.9g; set format %s \"%%.%df\"\n", axis, step, axis, step < 0.001 ? 4 : step < 0.01 ? 3 : step < 0.1 ? 2 : step < 1 ? 1 : 0 >gp
}
function rgb(c) { return substr(c, 2) }
function contender(m) { return m !~ /^(random|global-mean|user-mean|item-mean)$/ }

function line_of(dat, m) {
    return "\"" dat "\" using 1:2 with linespoints lw 1.7 ps 0.6 pt " point(m) " lc rgb \"" colour(m) "\" title \"" m "\""
}
function precision_recall(   i, j, k, ks, n, m, dat, plot, at) {
    n = split("1 2 5 10 20 50", ks, " ")
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (m ~ /^(global-mean|user-mean|item-mean)$/ || value[m, "all", "recall@10"] == "") continue
        dat = "pr-" i ".dat"
        for (j = 1; j <= n; j++) {
            k = ks[j]
            print 100 * value[m, "all", "recall@" k], 100 * value[m, "all", "precision@" k], k >(to "/" dat)
        }
        close(to "/" dat)
        plot = plot (at++ ? ", " : "") line_of(dat, m)
    }
    if (!at) return
    begin("precision", "480,360")
    print "set xlabel \"recall (%)\"; set ylabel \"precision (%)\"; set xrange [0:*]; set yrange [0:*]" >gp
    print "set grid xtics; set key outside top center horizontal" >gp
    print "plot " plot >gp
    end()
}
function folds(metric, label, skip,   i, f, m, v, dat, plot, at, name, least, most) {
    if (n_folds < 2 || skip) return
    name = metric == "rmse" ? "folds-accuracy" : "folds-ranking"
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (!contender(m) || value[m, fold[1], metric] == "") continue
        dat = name "-" i ".dat"
        for (f = 1; f <= n_folds; f++) {
            v = value[m, fold[f], metric]
            print f, v >(to "/" dat)
            if (least == "" || v < least) least = v
            if (most == "" || v > most) most = v
        }
        close(to "/" dat)
        plot = plot (at++ ? ", " : "") line_of(dat, m)
    }
    if (!at) return
    begin(name, "480,320")
    print "set xlabel \"fold\"; set ylabel \"" label "\"; set xtics 1; set xrange [0.8:" n_folds + 0.2 "]" >gp
    print "set key outside top center horizontal" >gp
    tics("y", least, most)
    print "plot " plot >gp
    end()
}
# Models as points with names, n of them. Names take the first place around their point that nothing has, and a line leads
# to those that are not beside it: pixels as in the picture without margins, turned back into what the axes span.
function scatter(name, x_label, y_label, n, x, y, names, from_zero,   i, k, dat, x_low, x_high, y_low, y_high, side, right, x_pixel, y_pixel) {
    dat = to "/" name ".dat"
    for (i = 1; i <= n; i++) {
        if (i == 1 || x[i] > x_high) x_high = x[i]
        if (i == 1 || y[i] < y_low) y_low = y[i]
        if (i == 1 || y[i] > y_high) y_high = y[i]
    }
    if (from_zero) y_low = 0
    if (x_high <= 0) x_high = 1
    x_high *= 1.15
    k = y_high > y_low ? y_high - y_low : 0.1
    y_high += 0.12 * k
    if (!from_zero) y_low -= 0.12 * k
    x_pixel = x_high / 390
    y_pixel = (y_high - y_low) / 220
    taken = n
    for (i = 1; i <= n; i++) {
        px[i] = x[i] / x_pixel
        py[i] = (y[i] - y_low) / y_pixel
        from[i] = px[i] - 6; till[i] = px[i] + 6; at[i] = py[i]; half[i] = 6
    }
    for (i = 1; i <= n; i++) {
        side = place_of(px[i], py[i], 7.4 * length(names[i]))
        right = side % 2 ? 1 : -1
        printf "%s %s \"%s\" 0x%s %d %.9g %.9g %d\n", x[i], y[i], names[i], rgb(colour(names[i])), right, \
            8 * right * x_pixel, 13 * offset_of(side) * y_pixel, (side > 2) >dat
    }
    close(dat)
    begin(name)
    print "set xlabel \"" x_label "\"; set ylabel \"" y_label "\"; set grid xtics" >gp
    print "set xrange [0:" x_high "]; set yrange [" y_low ":" y_high "]" >gp
    print "plot \"" name ".dat\" using 1:($8 > 0 ? $2 : NaN):6:7 with vectors nohead lw 0.8 lc rgb \"#000001\" notitle, " \
        "\"\" using 1:2:4 with points pt 7 ps 1 lc rgb variable notitle, " \
        "\"\" using ($1+$6):($5 > 0 ? $2+$7 : NaN):3 with labels left textcolor rgb \"#000001\" notitle, " \
        "\"\" using ($1+$6):($5 < 0 ? $2+$7 : NaN):3 with labels right textcolor rgb \"#000001\" notitle" >gp
    end()
}
# Sides: odd ones to the right, 1 and 2 level, then ever farther above and below.
function offset_of(side,   step) { step = int((side - 1) / 2); return step % 2 ? (step + 1) / 2 : -step / 2 }
function place_of(x, y, w,   side, i, f, h, free) {
    for (side = 1; side <= 14; side++) {
        f = side % 2 ? x + 8 : x - 8 - w
        h = y + 13 * offset_of(side)
        free = f >= 0 && f + w <= 400 && h >= 0 && h <= 220
        for (i = 1; i <= taken && free; i++)
            if (f < till[i] && f + w > from[i] && h - at[i] < half[i] + 7 && at[i] - h < half[i] + 7) free = 0
        if (!free) continue
        taken++
        from[taken] = f; till[taken] = f + w; at[taken] = h; half[taken] = 7
        return side
    }
    return 1
}
function costs(metric, label,   i, m, n, x, y, names) {
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        if (!(m in seconds) || value[m, "all", metric] == "") continue
        x[++n] = seconds[m]; y[n] = value[m, "all", metric]; names[n] = m
    }
    if (n >= 2) scatter("costs", "seconds of jobs" (n_folds > 1 ? ", all folds" : ""), label, n, x, y, names, 0)
}

# Lists' accuracy against the share of the catalogue that they reach.
function reach(   i, m, n, v, x, y, names) {
    for (i = 1; i <= n_models; i++) {
        m = model[i]
        v = value[m, "all", "catalogue-coverage@10"]
        if (v == "" || v == 0 || m ~ /^(random|global-mean|user-mean|item-mean)$/) continue
        x[++n] = 100 * v; y[n] = value[m, "all", "ndcg@10"]; names[n] = m
    }
    if (n >= 2) scatter("beyond", "share of the catalogue in lists (%)", "NDCG@10", n, x, y, names, 1)
}
# Items by two factors; titles to the right of their circle or to the left (factors.awk).
function factors(   side, plot, i) {
    if (!n_items) return
    begin("factors", "720,540")
    for (i = 1; i <= 2; i++) margin[i] = 0.04 * (highest[i] - lowest[i])
    print "set xrange [" lowest[1] - margin[1] ":" highest[1] + margin[1] "]" >gp
    print "set yrange [" lowest[2] - margin[2] ":" highest[2] + margin[2] "]" >gp
    print "set datafile separator \"\\t\"; set xlabel \"factor 1\"; set ylabel \"factor 2\"; set grid xtics; unset key" >gp
    plot = "plot \"factors.dat\" using 1:2:3 with points pt 7 ps variable lc rgb \"#6656B4E9\""
    for (side in n_labels)
        plot = plot ", \"\" using 1:(strcol(4) eq \"" side "\" ? column(2) : NaN):5 with labels " \
            (side == "left" ? "right offset -0.9,0" : "left offset 0.9,0") " font \",12\" textcolor rgb \"#000001\""
    print plot >gp
    end()
}
