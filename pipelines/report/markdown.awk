# The document as Markdown; pictures are the files beside it.
function escape(s) { gsub(/\|[0-9.]+$/, "", s); gsub(/\|/, "\\|", s); gsub(/</, "\\&lt;", s); return s }
function text(s) {
    gsub(/\*/, "**", s); gsub(/{/, "(", s); gsub(/}/, ")", s)
    gsub(/\001/, "\\*", s); gsub(/\002/, "\\`", s); gsub(/\003/, "\\|", s); gsub(/\004/, "{", s); gsub(/\005/, "}", s)
    return s
}
{ if (last == "li" && $1 != "li" || last == "tile" && $1 != "tile") print "" }
{ last = $1 }
# In italics there are no bold words.
function text2(s) { gsub(/\*/, "", s); return text(s) }
$1 == "title" { print "# " $2 "\n\n" text($3) "\n" }
$1 == "h2" { print "## " $3 "\n" }
$1 == "h3" { print "### " $2 "\n" }
$1 == "p" || $1 == "note" { print text($2) "\n" }
$1 == "li" { print "- " text($2) }
$1 == "tile" { print "- " $2 ": " $3 }
$1 == "fig" && (getline line <(pictures "/" $2 ".svg")) > 0 { print "![" $3 "](report/" $2 ".svg)\n\n*" text2($3) "*\n" }
$1 == "table" { print "*" text2($2) "*\n" }
$1 == "th" {
    printf "|"
    for (i = 2; i <= NF; i++) printf " %s |", text(escape($i))
    printf "\n|"
    for (i = 2; i <= NF; i++) printf " %s |", i == 2 ? "---" : "---:"
    print ""
}
$1 == "tr" {
    printf "|"
    for (i = 2; i <= NF; i++) printf " %s |", text(escape($i))
    print ""
}
$1 == "/table" { print "" }
