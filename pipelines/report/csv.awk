# Fields of a line of CSV, split by split() whether any is quoted or not: so a number among them is compared as one.
function csv(line, field,   i, c, quoted, plain) {
    if (index(line, "\"") == 0) return split(line, field, ",")
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c != "\"") plain = plain (c == "," && !quoted ? SUBSEP : c)
        else if (quoted && substr(line, i + 1, 1) == c) { plain = plain c; i++ }
        else quoted = !quoted
    }
    return split(plain, field, SUBSEP)
}

# A number of a text, or nothing. Until it is told, mawk takes 1e-309 for a word, as it does all numbers too small to have
# all their digits; p gets there with a few thousand users.
function numeric(text) { return text == "" ? text : text + 0 }

# The file a line is of, without folder and ending.
function file_name(   name) {
    name = FILENAME
    sub(/.*\//, "", name)
    sub(/\.[a-z]*$/, "", name)
    return name
}
