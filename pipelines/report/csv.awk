# Fields of a line of CSV.
function csv(line, field,   n, i, c, quoted) {
    if (index(line, "\"") == 0) return split(line, field, ",")
    n = 1; field[1] = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\"") {
            if (quoted && substr(line, i + 1, 1) == "\"") { field[n] = field[n] c; i++ }
            else quoted = !quoted
        } else if (c == "," && !quoted) field[++n] = ""
        else field[n] = field[n] c
    }
    return n
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
