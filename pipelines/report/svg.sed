# Makes a picture of gnuplot's take the colours of the page around it.
s/rgb( *0, *0, *1)/currentColor/g
s/ color="black"//
s/'rgb( *200, *200, *201)'/'currentColor' stroke-opacity='0.2'/g
/^<?xml/d
/<desc>/d
s/font-family="[^"]*"//g
s/<title>[^<]*<\/title>//
/<filter/,/<\/filter>/d
