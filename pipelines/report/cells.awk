# The cells of the matrix on whole pixels: gnuplot draws each 0.01 too wide, and where two overlap a line would be seen.
/<polygon/ && (at = index($0, "points = '")) {
    n = split(substr($0, at + 10), corner, " ")
    points = ""
    for (i = 1; i < n; i++) {
        split(corner[i], xy, ",")
        points = points sprintf("%.0f,%.0f ", xy[1], xy[2])
    }
    $0 = substr($0, 1, at + 9) points "'/>"
}
{ print }
