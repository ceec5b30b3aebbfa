/* Text: encodings, what is no text, blocks of whole records in any number of buffers. */
#include "text/text.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "unit.h"

static char path[] = "/tmp/rs-text-XXXXXX";

static void put(const char *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) abort();
}

static struct rs_form comma_form(void) {
    return (struct rs_form){.layout = RS_LAYOUT_DELIMITED, .separator = ",", .newline = '\n'};
}

/* All of the text after opening, or the error's text in brackets. */
static char *read_all(const char *encoding, uint64_t skip) {
    struct rs_error err;
    struct rs_form form = comma_form();
    struct rs_block block;
    struct rs_text *text = rs_text_open(path, encoding, skip, &err);
    if (text == NULL) return rs_format("<%d %s>", err.code, err.text + strlen(path));
    char *all = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&all, &size);
    while (rs_text_next(text, &form, &block, &err) && block.length > 0)
        fwrite(block.text, 1, block.length, file);
    fclose(file);
    rs_text_close(text);
    return all;
}

static void check_text(const char *bytes, size_t n, const char *encoding, uint64_t skip,
                       const char *expected) {
    put(bytes, n);
    char *found = read_all(encoding, skip);
    CHECK_TEXT(found, expected);
    free(found);
}

#define CHECK_READS(bytes, encoding, skip, expected)                                               \
    check_text(bytes, sizeof bytes - 1, encoding, skip, expected)

static void converts_encodings(void) {
    CHECK_READS("a,b\n", NULL, 0, "a,b\n");
    CHECK_READS("\xef\xbb\xbf"
                "a,\xc3\xa9\n",
                NULL, 0, "a,\xc3\xa9\n");
    CHECK_READS("\xef\xbb\xbf"
                "a,b\n",
                "utf-8", 0, "a,b\n");
    CHECK_READS("a,\xe9\n", NULL, 0, "a,\xc3\xa9\n");
    CHECK_READS("\xff\xfe"
                "a\0,\0\xe9\0\n\0",
                NULL, 0, "a,\xc3\xa9\n");
    CHECK_READS("\xfe\xff\0a\0,\x20\xac\0\n", NULL, 0, "a,\xe2\x82\xac\n");
    CHECK_READS("a\0,\0b\0\n\0", "UTF-16LE", 0, "a,b\n");
    CHECK_READS("a,\x80\n", "CP1252", 0, "a,\xe2\x82\xac\n");
    CHECK_READS("a,\xe9\n", "UTF-8", 0,
                "a,\xe9\n"); /* given: believed, and seen where it matters */
    CHECK_READS("a\0,\0\0\xd8\n\0", "UTF-16LE", 0, "a,\xff\n"); /* half a surrogate pair */
}

static void skips_lines(void) {
    CHECK_READS("one\ntwo\r\nthree\n", NULL, 1, "two\r\nthree\n");
    CHECK_READS("one\ntwo\n", NULL, 2, "");
    CHECK_READS("one\ntwo", NULL, 5, "");
}

static void refuses_what_is_no_text(void) {
    CHECK_READS("\x1f\x8b\x08zip", NULL, 0,
                "<65 : is compressed by gzip: pipe it through 'gzip -dc' first>");
    CHECK_READS("PK\x03\x04zip", NULL, 0,
                "<65 : is a zip archive: unpack it, or pipe it through 'unzip -p' first>");
    CHECK_READS("a\0,\0b\0\n\0", NULL, 0,
                "<65 : is no text: it holds NUL bytes (UTF-16 without a byte order mark needs "
                "--encoding UTF-16LE)>");
    CHECK_READS(
        "\x82\xa2rs\xa7ratings", NULL, 0,
        "<65 : is an rs file where text is needed, or one through a named pipe: give that on "
        "standard input>");
    CHECK_READS("1,2,3\n4,5,6\n7,\0,9\n", NULL, 0, "1,2,3\n4,5,6\n7,"); /* a few cost their lines */
    put("a,b\n", 4);
    struct rs_error err;
    CHECK(rs_text_open(path, "KLINGON", 0, &err) == NULL && err.code == EX_USAGE);
    CHECK_TEXT(err.text, "--encoding: 'KLINGON' is no encoding that iconv knows");
    CHECK(rs_text_open("/nowhere/at/all", NULL, 0, &err) == NULL && err.code == EX_NOINPUT);
    CHECK(rs_text_open("/tmp", NULL, 0, &err) == NULL && err.code == EX_NOINPUT);
}

/* More than the first look, in lines of all lengths, of which one exceeds a block by far and some
 * are in quotes over two lines: blocks in turn in three buffers give it back, with their lines
 * right. */
static void gives_whole_records(const char *encoding) {
    size_t n = 0, n_records = 0;
    char *bytes = rs_malloc(16 << 20, 1);
    for (int i = 0; n < 9u << 20; i++, n_records++) {
        const char *rest = i % 1000 == 7 ? "\"two\nlines\"" : "x";
        n += (size_t)snprintf(bytes + n, 64, "%d,%s\n", i, rest);
        if (i == 200000) {
            memset(bytes + n, 'y', 700000);
            n += 700000;
            bytes[n++] = '\n';
            n_records++;
        }
    }
    put(bytes, n);
    struct rs_error err;
    struct rs_form form = comma_form();
    struct rs_text *text = rs_text_open(path, encoding, 0, &err);
    CHECK(text != NULL);
    struct rs_text_buffer buffers[3] = {{0}};
    struct rs_block block;
    size_t at = 0, n_blocks = 0;
    uint64_t line = 1;
    bool same = true, ordered = true;
    while (rs_text_next_into(text, &form, &buffers[n_blocks % 3], &block, &err) &&
           block.length > 0) {
        same = same && at + block.length <= n && memcmp(bytes + at, block.text, block.length) == 0;
        ordered = ordered && block.first_line == line && block.text[block.length - 1] == '\n';
        for (size_t i = 0; i < block.length; i++) line += block.text[i] == '\n';
        at += block.length;
        n_blocks++;
    }
    CHECK(same && ordered && at == n && n_blocks > 20);
    CHECK(rs_text_position(text) == n && rs_text_size(text) == n);
    for (int b = 0; b < 3; b++) free(buffers[b].bytes);
    rs_text_close(text);
    free(bytes);
}

/* A character may lie across the ends of what is read at once. */
static void converts_across_reads(void) {
    size_t n = 10 << 20;
    char *bytes = rs_malloc(n, 1);
    for (size_t i = 0; i < n; i += 2) memcpy(bytes + i, i % 20 == 18 ? "\n\0" : "\xac\x20", 2);
    put(bytes, n - 1); /* and one is cut off at the end */
    struct rs_error err;
    struct rs_form form = comma_form();
    struct rs_block block;
    struct rs_text *text = rs_text_open(path, "UTF-16LE", 0, &err);
    size_t euros = 0, others = 0;
    while (rs_text_next(text, &form, &block, &err) && block.length > 0) {
        for (size_t i = 0; i < block.length; i++) {
            if (block.text[i] == '\n') continue;
            bool euro = i + 2 < block.length && memcmp(block.text + i, "\xe2\x82\xac", 3) == 0;
            euros += euro;
            others += !euro;
            i += euro ? 2 : 0;
        }
    }
    CHECK(euros == n / 20 * 9 && others == 1);
    rs_text_close(text);
    free(bytes);
}

static void finds_the_form_first(void) {
    put("user,item,rating\n1,2,3\n", 23);
    struct rs_error err;
    struct rs_form form;
    struct rs_form_given given = {.header = -1};
    struct rs_block block;
    struct rs_text *text = rs_text_open(path, NULL, 0, &err);
    CHECK(rs_text_detect(text, &form, &given, &err) && form.header && form.n_columns == 3);
    CHECK(rs_text_next(text, &form, &block, &err) && block.length == 23 && block.first_line == 1);
    CHECK(rs_text_next(text, &form, &block, &err) && block.length == 0);
    CHECK(rs_text_encoding(text) == NULL);
    rs_form_free(&form);
    rs_text_close(text);
}

static void bounds_a_line(void) {
    size_t n = 70 << 20;
    char *bytes = rs_malloc(n, 1);
    memset(bytes, 'x', n);
    put(bytes, n);
    free(bytes);
    struct rs_error err;
    struct rs_form form = comma_form();
    struct rs_block block;
    struct rs_text *text = rs_text_open(path, NULL, 0, &err);
    CHECK(!rs_text_next(text, &form, &block, &err) && err.code == EX_DATAERR);
    CHECK(strstr(err.text, ":1: a line of more than 64 MiB") != NULL);
    rs_text_close(text);
}

int main(void) {
    close(mkstemp(path));
    converts_encodings();
    skips_lines();
    refuses_what_is_no_text();
    gives_whole_records(NULL);
    gives_whole_records("LATIN1");
    converts_across_reads();
    finds_the_form_first();
    bounds_a_line();
    unlink(path);
    return done();
}
