/* Cutting: every layout, quotes that close and that don't, plain lines as the careful way cuts
 * them, blocks that end anywhere. */
#include "text/fields.h"

#include <csv.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "unit.h"

/* A copy of a text with the slack that a block has. */
struct buffer {
    char *bytes;
    size_t n;
};

static struct buffer buffer_of(const char *text, size_t n) {
    struct buffer buffer = {rs_calloc(n + RS_BLOCK_SLACK, 1), n};
    if (n > 0) memcpy(buffer.bytes, text, n);
    memset(buffer.bytes + n, '\n', RS_BLOCK_SLACK); /* must not be taken for the text's */
    return buffer;
}

static struct rs_form form_of(const char *separator, size_t n_columns) {
    struct rs_form form = {.layout = RS_LAYOUT_DELIMITED, .newline = '\n', .n_columns = n_columns};
    if (strcmp(separator, " ") == 0) form.layout = RS_LAYOUT_BLANKS;
    snprintf(form.separator, sizeof form.separator, "%s", separator);
    return form;
}

/* All records as text: "LINE[field][field]" or "LINE!fault", joined by blanks. */
static char *describe(const struct rs_form *form, struct rs_block block) {
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    struct rs_cutter *cutter = rs_cutter_new(form);
    struct rs_record record;
    rs_cutter_start(cutter, block);
    for (bool first = true; rs_cutter_next(cutter, &record); first = false) {
        fprintf(file, "%s%llu", first ? "" : " ", (unsigned long long)record.line);
        if (record.fault != NULL) fprintf(file, "!%s", record.fault);
        for (size_t f = 0; record.fault == NULL && f < record.n; f++) {
            fputc('[', file);
            fwrite(record.fields[f].text, 1, record.fields[f].length, file);
            fputc(']', file);
        }
    }
    rs_cutter_free(cutter);
    fclose(file);
    return out;
}

static void check_cut(const char *separator, size_t n_columns, const char *text,
                      const char *expected) {
    struct rs_form form = form_of(separator, n_columns);
    struct buffer buffer = buffer_of(text, strlen(text));
    char *found = describe(&form, (struct rs_block){buffer.bytes, buffer.n, 1});
    CHECK_TEXT(found, expected);
    free(found);
    free(buffer.bytes);
}

static void cuts_every_separator(void) {
    check_cut(",", 3, "1,2,3.5\n4,5,6\n", "1[1][2][3.5] 2[4][5][6]");
    check_cut("\t", 3, "1\t2\t3.5\r\n4\t5\t6\r\n", "1[1][2][3.5] 2[4][5][6]");
    check_cut(";", 3, "1;2;3,5\n4;;6", "1[1][2][3,5] 2[4][][6]");
    check_cut("|", 2, "a|b\n|\n", "1[a][b] 2[][]");
    check_cut("::", 3, "1::2::3\na:b::c::d\n", "1[1][2][3] 2[a:b][c][d]");
    check_cut("::", 3, "1:::2::3\n", "1[1][:2][3]");
    check_cut("||", 2, "a||b\n", "1[a][b]");
    check_cut(";,", 2, "a;,b\nc,;d\n", "1[a][b] 2[c,;d]");
    check_cut(" ", 3, "1 2 3\n  4\t5  6 \n7 8 9\r\n", "1[1][2][3] 2[4][5][6] 3[7][8][9]");
}

static void trims_and_skips_blanks(void) {
    check_cut(",", 3, " 1 , 2\t,3 \n\n   \n4,5,6\n\n", "1[1][2][3] 4[4][5][6]");
    check_cut("\t", 3, "\t\t\n1\t\t3\n", "1[][][] 2[1][][3]");
    check_cut(" ", 3, "\n \n1 2 3", "3[1][2][3]");
    check_cut(",", 3, "", "");
    check_cut(",", 3, "\r\n\r\n", "");
}

static void cuts_quotes(void) {
    check_cut(",", 3, "1,\"a, b\",3\n", "1[1][a, b][3]");
    check_cut(",", 3, "\"1\",\"he said \"\"no\"\"\",\"3\"\r\n2,x,4\r\n",
              "1[1][he said \"no\"][3] 2[2][x][4]");
    check_cut(",", 3, "1,\"two\nlines\",3\n2,x,4\n", "1[1][two\nlines][3] 3[2][x][4]");
    check_cut(",", 3, "1, \"blank\" ,3\n", "1[1][blank][3]");
    check_cut(",", 3, "1,5\" pipe,3\n", "1[1][5\" pipe][3]");
    check_cut(",", 2, "1,\"\"", "1[1][]");
    check_cut("::", 2, "1::\"a\"\n", "1[1][\"a\"]"); /* two bytes rule quotes out */
    check_cut(" ", 2, "1 \"a\n", "1[1][\"a]");
}

static void survives_bad_quotes(void) {
    check_cut(",", 3, "1,\"open,3\n2,x,4\n", "1!has a quote that is not closed 2[2][x][4]");
    check_cut(",", 3, "1,\"open,3\n2,x,4\n3,\"y\",5\n",
              "1!has a quote that is not closed 2[2][x][4] 3[3][y][5]");
    check_cut("\t", 3, "1\t\"Weird Al\" Yankovic\t3\n2\tx\t4\n3\t\"y\"\t5\n",
              "1[1][\"Weird Al\" Yankovic][3] 2[2][x][4] 3[3][y][5]");
    check_cut(",", 3, "1,\"the \"best\" of\",3\n", "1[1][the \"best\" of][3]");
    check_cut("\t", 3, "1\t\"Heroes\t3\n2\tx\t4\n", "1[1][\"Heroes][3] 2[2][x][4]");
    check_cut("\t", 3, "1\t\"Heroes\t3\n2\tRoyce da 5'9\"\t4\n",
              "1[1][\"Heroes][3] 2[2][Royce da 5'9\"][4]");
    check_cut("\t", 3, "1\t\"two\nlines\"\t3\n", "1[1][two\nlines][3]");
    check_cut(",", 3, "1,\"a\"b,\"c\n2,x,4\n", "1[1][\"a\"b][\"c] 2[2][x][4]");
    check_cut(";", 3, "\"1\";\"by \\\"K\\\"\";\"3\"\n",
              "1[1][by \\\"K\\\"][3]"); /* MySQL's escapes */
    check_cut(",", 2, "\"", "1!has a quote that is not closed");
}

static void refuses_nul(void) {
    struct rs_form form = form_of(",", 3);
    const char text[] = "1,2,3\n4,\0,6\n7,\"\0\",9\n1,2,3\n";
    struct buffer buffer = buffer_of(text, sizeof text - 1);
    char *found = describe(&form, (struct rs_block){buffer.bytes, buffer.n, 1});
    CHECK_TEXT(found, "1[1][2][3] 2!holds a NUL byte 3!holds a NUL byte 4[1][2][3]");
    free(found);
    free(buffer.bytes);
}

static void cuts_json(void) {
    char *names[] = {(char[]){"u"}, (char[]){"i"}, (char[]){"r"}};
    struct rs_form form = {
        .layout = RS_LAYOUT_JSON, .newline = '\n', .n_columns = 3, .names = names};
    const char *text =
        "{\"u\":\"A\",\"i\":7,\"r\":4.5}\n\n{\"r\":null,\"i\":[\"x\",\"y\",2],\"v\":1}\n"
        "{\"u\":true,\"i\":{},\"r\":\"\\u00e9\"}\n[1,2]\n{\"u\":\n";
    struct buffer buffer = buffer_of(text, strlen(text));
    char *found = describe(&form, (struct rs_block){buffer.bytes, buffer.n, 1});
    CHECK_TEXT(found, "1[A][7][4.5] 3[][x|y|2][] 4[1][][\xc3\xa9] 5!is not a JSON object "
                      "6!is not a JSON object");
    free(found);
    free(buffer.bytes);
}

static void takes_old_line_ends(void) {
    struct rs_form form = form_of(",", 2);
    form.newline = '\r';
    struct buffer buffer = buffer_of("1,2\r3,\"a,b\"\r", 12);
    char *found = describe(&form, (struct rs_block){buffer.bytes, buffer.n, 1});
    CHECK_TEXT(found, "1[1][2] 2[3][a,b]");
    free(found);
    free(buffer.bytes);
}

/* A text of fields drawn from few characters, those in quotes as RFC 4180 wants them. */
static struct buffer draw_text(struct rs_random *random, char separator, bool quotes) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    size_t n_lines = 1 + rs_random_below(random, 12);
    for (size_t line = 0; line < n_lines; line++) {
        for (int f = 0; f < 3; f++) {
            if (f > 0) fputc(separator, file);
            size_t length = 1 + rs_random_below(random, line % 5 == 4 ? 90 : 8);
            bool quoted = quotes && rs_random_below(random, 3) == 0;
            if (quoted) fputc('"', file);
            for (size_t i = 0; i < length; i++) {
                uint32_t drawn = rs_random_below(random, 8);
                if (quoted && drawn == 0) {
                    fputs("\"\"", file);
                } else if (quoted && drawn <= 3) {
                    fputc(drawn == 1 ? '\n' : drawn == 2 ? separator : '\t', file);
                } else {
                    fputc(drawn == 4 ? 'z' : (int)('0' + drawn), file);
                }
            }
            if (quoted) fputc('"', file);
        }
        fputs(rs_random_below(random, 3) == 0 ? "\r\n" : "\n", file);
    }
    fclose(file);
    struct buffer buffer = buffer_of(text, size);
    free(text);
    return buffer;
}

struct expectation {
    FILE *file;
};

static void expect_field(void *bytes, size_t n, void *data) {
    struct expectation *expectation = data;
    fputc('[', expectation->file);
    fwrite(bytes, 1, n, expectation->file);
    fputc(']', expectation->file);
}

static void expect_record(int terminator, void *data) {
    (void)terminator;
    fputc('\n', ((struct expectation *)data)->file);
}

/* The records without their lines. */
static char *fields_only(const struct rs_form *form, struct rs_block block) {
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    struct rs_cutter *cutter = rs_cutter_new(form);
    struct rs_record record;
    rs_cutter_start(cutter, block);
    while (rs_cutter_next(cutter, &record)) {
        for (size_t f = 0; f < record.n; f++) {
            fputc('[', file);
            fwrite(record.fields[f].text, 1, record.fields[f].length, file);
            fputc(']', file);
        }
        fputc('\n', file);
    }
    rs_cutter_free(cutter);
    fclose(file);
    return out;
}

static void agrees_with_libcsv(void) {
    struct rs_random random = rs_random_stream(4, 1, 0, 0);
    for (int i = 0; i < 3000; i++) {
        struct rs_form form = form_of(i % 2 ? "," : ";", 3);
        struct buffer buffer = draw_text(&random, form.separator[0], i % 3 > 0);
        char *expected = NULL;
        size_t size = 0;
        struct expectation expectation = {open_memstream(&expected, &size)};
        struct csv_parser parser;
        csv_init(&parser, 0);
        csv_set_delim(&parser, (unsigned char)form.separator[0]);
        csv_parse(&parser, buffer.bytes, buffer.n, expect_field, expect_record, &expectation);
        csv_fini(&parser, expect_field, expect_record, &expectation);
        csv_free(&parser);
        fclose(expectation.file);
        char *found = fields_only(&form, (struct rs_block){buffer.bytes, buffer.n, 1});
        if (strcmp(found, expected) != 0) CHECK_TEXT(found, expected);
        free(found);
        free(expected);
        free(buffer.bytes);
    }
    CHECK(true);
}

/* However a text is cut into blocks, its records and their lines are the same. */
static void blocks_make_no_difference(void) {
    struct rs_random random = rs_random_stream(5, 1, 0, 0);
    for (int i = 0; i < 1000; i++) {
        struct rs_form form = form_of(",", 3);
        struct buffer buffer = draw_text(&random, ',', true);
        char *expected = describe(&form, (struct rs_block){buffer.bytes, buffer.n, 1});
        char *found = rs_strdup("");
        size_t at = 0, seen = 0;
        uint64_t line = 1, lines;
        while (at < buffer.n) {
            seen += 1 + rs_random_below(&random, 40);
            bool last = at + seen >= buffer.n;
            if (last) seen = buffer.n - at;
            size_t length = rs_records_length(&form, buffer.bytes + at, seen, last, &lines);
            if (length == 0) continue;
            struct buffer piece = buffer_of(buffer.bytes + at, length);
            char *part = describe(&form, (struct rs_block){piece.bytes, length, line});
            char *both = rs_format("%s%s%s", found, *found && *part ? " " : "", part);
            free(found);
            free(part);
            free(piece.bytes);
            found = both;
            at += length;
            line += lines;
            seen = 0;
        }
        if (strcmp(found, expected) != 0) CHECK_TEXT(found, expected);
        free(found);
        free(expected);
        free(buffer.bytes);
    }
    CHECK(true);
}

static void counts_whole_records(void) {
    struct rs_form form = form_of(",", 3);
    uint64_t lines;
    CHECK(rs_records_length(&form, "1,2,3\n4,5", 9, false, &lines) == 6 && lines == 1);
    CHECK(rs_records_length(&form, "1,2,3\n4,5", 9, true, &lines) == 9 && lines == 2);
    CHECK(rs_records_length(&form, "1,2,3", 5, false, &lines) == 0 && lines == 0);
    CHECK(rs_records_length(&form, "1,\"a\nb\n", 7, false, &lines) == 0);
    CHECK(rs_records_length(&form, "1,2,3\n1,\"a\nb\n", 13, false, &lines) == 6);
    CHECK(rs_records_length(&form, "", 0, true, &lines) == 0 && lines == 0);
    size_t n = 2 * RS_RECORD_MAX; /* a quote that closes nowhere holds nothing up for ever */
    char *text = rs_malloc(n, 1);
    for (size_t i = 0; i < n; i++) text[i] = i % 10 == 9 ? '\n' : 'x';
    text[0] = '"';
    CHECK(rs_records_length(&form, text, n, false, &lines) > n - 10 && lines == n / 10);
    free(text);
}

static void says_what_is_plain(void) {
    struct rs_form form = form_of(",", 2);
    const char *text =
        "1,2\r\na b,2\n\xc3\xa9,2\n\"1\",2\nlonger-than-thirty-two-bytes-by-far,and-more\n"
        "3,4";
    const bool plain[] = {true, false, false, false, true, false};
    struct buffer buffer = buffer_of(text, strlen(text));
    struct rs_cutter *cutter = rs_cutter_new(&form);
    struct rs_record record;
    rs_cutter_start(cutter, (struct rs_block){buffer.bytes, buffer.n, 1});
    for (size_t i = 0; i < 6; i++) {
        CHECK(rs_cutter_next(cutter, &record));
        CHECK(record.plain == plain[i] && record.n == 2 && record.line == i + 1);
    }
    CHECK(!rs_cutter_next(cutter, &record));
    rs_cutter_free(cutter);
    free(buffer.bytes);
}

int main(void) {
    cuts_every_separator();
    trims_and_skips_blanks();
    cuts_quotes();
    survives_bad_quotes();
    refuses_nul();
    cuts_json();
    takes_old_line_ends();
    agrees_with_libcsv();
    blocks_make_no_difference();
    counts_whole_records();
    says_what_is_plain();
    return done();
}
