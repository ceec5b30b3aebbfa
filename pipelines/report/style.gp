# How every picture looks. Colours are Okabe and Ito's, told apart by colour-blind people; rgb(0,0,1) stands for the colour
# of the page's text and rgb(200,200,201) for its grid (svg.sed).
set terminal svg size 480,300 dynamic noenhanced font "sans-serif,13"
set encoding utf8
set border 3 lc rgb "#000001" lw 0.8
set tics nomirror out scale 0.5 textcolor rgb "#000001"
set grid ytics lc rgb "#c8c8c9" lw 1 lt 1
set key textcolor rgb "#000001" samplen 1.5 spacing 1.05
set xlabel textcolor rgb "#000001"
set ylabel textcolor rgb "#000001"
set style fill solid noborder
set boxwidth 0.9 relative
set datafile missing "-"
