# The document as a page that needs nothing else: style and pictures are in it.
BEGIN { while ((getline line <css) > 0) style = style line "\n" }
function escape(s) {
    gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); gsub(/"/, "\\&quot;", s)
    return s
}
# What match() found, without its first and last sign, in an element.
function within(s, element) {
    return substr(s, 1, RSTART - 1) "<" element ">" substr(s, RSTART + 1, RLENGTH - 2) "</" element ">" substr(s, RSTART + RLENGTH)
}
# What belongs together stays on a line: "p < 0.01", "95 %".
function unbroken(s) {
    gsub(/p = /, "p\302\240=\302\240", s); gsub(/p < /, "p\302\240<\302\240", s); gsub(/ %/, "\302\240%", s); gsub(/n = /, "n\302\240=\302\240", s)
    return s
}
# *words* are strong, `words` are code.
function inline(s,   before, word) {
    s = escape(unbroken(s))
    while (match(s, /\*[^*]+\*/)) s = within(s, "strong")
    while (match(s, /`[^`]+`/)) s = within(s, "code")
    gsub(/{/, "<span class=\"why\">(", s); gsub(/}/, ")</span>", s)
    gsub(/\001/, "*", s); gsub(/\002/, "`", s); gsub(/\003/, "|", s); gsub(/\004/, "{", s); gsub(/\005/, "}", s)
    return s
}
# Closes a list, tiles, pictures when something else comes.
function part(kind) {
    if (kind == open) return
    if (open == "li") print "</ul>"
    if (open == "tile") print "</dl>"
    if (open == "fig" || open == "small") print "</div>"
    if (kind == "li") print "<ul>"
    if (kind == "tile") print "<dl class=\"tiles\">"
    if (kind == "fig") print "<div class=\"figures\">"
    if (kind == "small") print "<div class=\"groups\">"
    open = kind
}
$1 == "title" {
    print "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
    print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">"
    print "<link rel=\"icon\" href=\"data:,\">\n<title>" escape($2) "</title>\n<style>\n" style "</style>\n</head>\n<body>"
    print "<header>\n<h1>" inline($2) "</h1>"
    print "<p class=\"lead\">" inline($3) "</p>\n</header>\n<main>"
    next
}
$1 == "table" { part($3 == "small" ? "small" : "table") }
$1 !~ /^(table|th|tr|\/table)$/ { part($1) }
$1 == "h2" {
    if (sections++) print "</section>"
    print "<section id=\"" $2 "\">\n<h2>" inline($3) "</h2>"
}
$1 == "h3" { print "<h3>" inline($2) "</h3>" }
$1 == "p" { print "<p>" inline($2) "</p>" }
$1 == "note" { print "<p class=\"note\">" inline($2) "</p>" }
$1 == "li" { print "<li>" inline($2) "</li>" }
$1 == "tile" { print "<div><dt>" inline($2) "</dt><dd>" inline($3) "</dd></div>" }
$1 == "fig" {
    file = pictures "/" $2 ".svg"
    svg = ""
    while ((getline line <file) > 0) svg = svg line "\n"
    close(file)
    if (svg == "") next
    sub(/<svg/, "<svg role=\"img\" aria-label=\"" escape($3) "\"", svg)
    print "<figure id=\"" $2 "\">\n" svg "<figcaption>" inline($3) "</figcaption>\n</figure>"
}
$1 == "table" {
    print "<figure class=\"table\">\n<figcaption>" inline($2) "</figcaption>"
    print "<div class=\"scroll\"><table" ($3 != "" ? " class=\"" $3 "\"" : "") ">"
    body = 0
}
$1 == "th" {
    printf "<thead><tr>"
    for (i = 2; i <= NF; i++) printf "<th scope=\"col\">%s</th>", inline($i)
    print "</tr></thead>\n<tbody>"
}
$1 == "tr" {
    printf "<tr><th scope=\"row\">%s</th>", inline($2)
    for (i = 3; i <= NF; i++) put_cell($i)
    print "</tr>"
}
$1 == "/table" { print "</tbody></table></div>\n</figure>" }
# "text" or "text|shade" with a shade from 0 to 1.
function put_cell(s,   at) {
    at = match(s, /\|[0-9.]+$/)
    if (at) {
        printf "<td class=\"shade\" style=\"--s:%.2f\">%s</td>", substr(s, at + 1), inline(substr(s, 1, at - 1))
    } else printf "<td>%s</td>", inline(s)
}
END {
    part("")
    print "</section>\n</main>\n</body>\n</html>"
}
