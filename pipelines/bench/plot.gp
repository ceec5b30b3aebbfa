# Draws time against size of every work in the table, with the floor of the machine.
# Usage: gnuplot -c plot.gp DIR; reads DIR/bench.dat and DIR/bench.names, writes DIR/bench.png
folder = ARG1
load folder."/bench.names"
file = folder."/bench.dat"
colour(tool) = tool eq "rs" ? "#0060ad" : tool eq "rs-1-thread" ? "#7fb2dd" : \
               tool eq "scipy" ? "#d95f02" : "#7570b3"
called(tool) = tool eq "rs-1-thread" ? "rs, one thread" : tool

columns = words(works) < 3 ? words(works) : 3
rows = (words(works) + columns - 1) / columns
set terminal pngcairo size 40 + 520 * columns, 30 + 460 * rows font "sans,11" background "white"
set output folder."/bench.png"
set multiplot layout rows, columns margins char 9, char 2, char 4, char 2.5 \
    spacing char 10, char 6.5
set logscale xy
set format y "10^{%T}"
set grid xtics ytics linetype 1 linewidth 0.7 linecolor rgb "#cccccc"
set key top left reverse Left samplen 2 font ",9"
set xlabel "ratings" offset 0,0.5
set ylabel "seconds" offset 1.5,0
set xtics ("100k" 1e5, "1M" 1e6, "5M" 5e6, "10M" 1e7, "25M" 2.5e7)
set xrange [smallest / 1.4 : largest * 1.4]
set bars 0.5
set offsets graph 0, graph 0, graph 0.2, graph 0.05 # room for the key

do for [work in works] {
    set title value("title_".work) font ",12"
    plot for [tool in value("tools_".work)] file index work." ".tool using 1:2:3:4 \
             with yerrorlines linewidth 2 pointtype 7 pointsize 0.9 linecolor rgb colour(tool) \
             title called(tool), \
         file index work." floor" using 1:2 with linespoints dashtype 2 linewidth 1.5 pointtype 6 \
             pointsize 0.6 linecolor rgb "#777777" title "the machine's floor"
}
unset multiplot
