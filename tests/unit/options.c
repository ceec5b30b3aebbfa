/* Command lines, help and messages: what a program says and with which code, from a table of every
 * kind of option. Whatever prints or exits runs in a child. */
#include "program/options.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "unit.h"

static const char *const colours[] = {"red", "green", NULL};
static const char *const all[] = {"all", NULL};
static bool flag = false;
static const char *text = NULL, *word = "usual";
static int64_t whole = 5, size = 1 << 20, unset = 0, unlimited = 100;
static double real = 0.5;
static int colour = 1;
static struct rs_list list;

static const struct rs_option table[] = {
    {"flag", 'f', RS_FLAG, NULL, &flag, 0, 0, NULL, true, "a flag"},
    {.kind = RS_HEADING, .help = "Numbers:"},
    {"whole", 'w', RS_INTEGER, "N", &whole, -3, 100, NULL, true, "a whole number"},
    {"unset", 0, RS_INTEGER, "N", &unset, 1, 100, NULL, true, "no default"},
    {"many", 'm', RS_INTEGER, "N", &unlimited, 0, 100, all, false, "or all"},
    {"real", 'r', RS_REAL, "X", &real, 0, 1, NULL, true, "a real number"},
    {"size", 's', RS_BYTES, "SIZE", &size, 1, 1e12, NULL, false, "a size"},
    {.kind = RS_HEADING, .help = "Words:"},
    {"text", 't', RS_STRING, "TEXT", &text, 0, 0, NULL, true, "some text"},
    {"word", 0, RS_STRING, "WORD", &word, 0, 0, NULL, false, "a word with a default"},
    {"colour", 'c', RS_CHOICE, "NAME", &colour, 0, 0, colours, true, "a colour"},
    {"list", 'l', RS_LIST, "ITEM", &list, 0, 0, NULL, true,
     "a help text that is so long that it must be broken into several lines to fit into the width "
     "of a "
     "terminal, also with-a-very-long-word-that-can-not-be-broken-anywhere-at-all-in-it"},
    RS_END_OPTIONS,
};
static const struct rs_example examples[] = {
    {"show it", "rs-test -f one", ".begins with a dot\n'and a quote \\ and - more"}, {0}};
static const struct rs_tool tool = {.name = "rs-test",
                                    .summary = "test the options",
                                    .operands = "ONE [TWO]",
                                    .about = "First.\n\nSecond.",
                                    .min_operands = 1,
                                    .max_operands = 2,
                                    .options = table,
                                    .examples = examples};

/* What a child printed, and its code. */
static char out[8192], said[4096];

static void read_all(int from, char *to, size_t room) {
    size_t n = 0;
    ssize_t got;
    while (n < room - 1 && (got = read(from, to + n, room - 1 - n)) > 0) n += (size_t)got;
    to[n] = '\0';
    close(from);
}

static int run(void (*act)(void *), void *data) {
    int outs[2], errs[2], status;
    if (pipe(outs) != 0 || pipe(errs) != 0) abort();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(outs[1], STDOUT_FILENO);
        dup2(errs[1], STDERR_FILENO);
        close(outs[0]);
        close(errs[0]);
        act(data);
        exit(rs_finish());
    }
    close(outs[1]);
    close(errs[1]);
    read_all(outs[0], out, sizeof out);
    read_all(errs[0], said, sizeof said);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void parse(void *line) {
    char *copy = rs_strdup(line), *rest = copy, *argv[32] = {NULL}, **operands;
    int argc = 0;
    for (char *part; (part = strsep(&rest, " ")) != NULL && argc < 31;) argv[argc++] = part;
    size_t n = rs_options_parse(&tool, argc, argv, &operands);
    printf("%d %lld %lld %g %lld %s %s %d %zu |", flag, (long long)whole, (long long)unlimited,
           real, (long long)size, text ? text : "-", word, colour, list.n);
    for (size_t i = 0; i < n; i++) printf(" %s", operands[i]);
    printf(" | %d %d", rs_option_given(&tool, "whole"), rs_option_given(&tool, "real"));
    free(copy);
}

/* Parses a command line and compares what came of it. */
static void check_parse(const char *line, const char *expected) {
    CHECK(run(parse, (void *)(uintptr_t)line) == 0);
    CHECK_TEXT(out, expected);
    CHECK_TEXT(said, "");
}

static void check_usage(const char *line, const char *expected) {
    char whole_text[1024];
    CHECK(run(parse, (void *)(uintptr_t)line) == EX_USAGE);
    snprintf(whole_text, sizeof whole_text, "rs-test: %s (try 'rs-test --help')\n", expected);
    CHECK_TEXT(said, whole_text);
    CHECK_TEXT(out, "");
}

static void test_parsing(void) {
    check_parse("rs-test one", "0 5 100 0.5 1048576 - usual 1 0 | one | 0 0");
    check_parse("rs-test -f -w -3 --real=1 -s 2K -t x --word= -c red -l a -l b one two",
                "1 -3 100 1 2048 x  0 2 | one two | 1 1");
    check_parse("rs-test one --whole 7 -- -f", "0 7 100 0.5 1048576 - usual 1 0 | one -f | 1 0");
    check_parse("rs-test --fl --col=green -", "1 5 100 0.5 1048576 - usual 1 0 | - | 0 0");
    check_parse("rs-test -m all -s 1.5g x", "0 5 100 0.5 1610612736 - usual 1 0 | x | 0 0");
    check_parse("rs-test -m 0 -s 7 x", "0 5 0 0.5 7 - usual 1 0 | x | 0 0");
}

static void test_refusals(void) {
    check_usage("rs-test", "an operand is missing; usage: rs-test [OPTION]... ONE [TWO]");
    check_usage("rs-test a b c", "'c' is one operand too many");
    check_usage("rs-test -x a", "there is no option -x");
    check_usage("rs-test --nothing a", "there is no option --nothing");
    check_usage("rs-test --w a", "there is no option --w"); /* whole or word? */
    check_usage("rs-test a -w", "-w needs an argument");
    check_usage("rs-test a --whole", "--whole needs an argument");
    check_usage("rs-test --flag=1 a", "--flag=1 takes no argument");
    check_usage("rs-test -w 101 a", "--whole: '101' is not a whole number from -3 to 100");
    check_usage("rs-test -w -4 a", "--whole: '-4' is not a whole number from -3 to 100");
    check_usage("rs-test -w 1.5 a", "--whole: '1.5' is not a whole number from -3 to 100");
    check_usage("rs-test -w 99999999999999999999 a",
                "--whole: '99999999999999999999' is not a whole number from -3 to 100");
    check_usage("rs-test --whole= a", "--whole: '' is not a whole number from -3 to 100");
    check_usage("rs-test -m some a", "--many: 'some' is not a whole number from 0 to 100 or all");
    check_usage("rs-test -r nan a", "--real: 'nan' is not a number from 0 to 1");
    check_usage("rs-test -r 1.01 a", "--real: '1.01' is not a number from 0 to 1");
    check_usage("rs-test -r 0x1 a", "--real: '0x1' is not a number from 0 to 1");
    check_usage("rs-test -r 1e999 a", "--real: '1e999' is not a number from 0 to 1");
    check_usage("rs-test -s 5T a", "--size: '5T' is not a size such as 512M or 2G");
    check_usage("rs-test -s 0 a", "--size: '0' is not a size such as 512M or 2G");
    check_usage("rs-test -s 2KB a", "--size: '2KB' is not a size such as 512M or 2G");
    check_usage("rs-test -c blue a", "--colour: 'blue' is none of red, green");
}

static void test_common(void) {
    CHECK(run(parse, (void *)"rs-test --version") == 0);
    CHECK(strncmp(out, "rs-test (rs) ", 13) == 0);
    CHECK(run(parse, (void *)"rs-test -q -V x y z") == 0);
    CHECK(run(parse, (void *)"rs-test --help") == 0);
    CHECK(strstr(out, "Usage: rs-test [OPTION]... ONE [TWO]\nrs-test: test the options.\n") == out);
    CHECK(strstr(out, "\n  -w, --whole=N             a whole number (default 5)\n") != NULL);
    CHECK(strstr(out, "\n      --unset=N             no default\n") != NULL);
    CHECK(strstr(out, "\n  -m, --many=N              or all (default all)\n") != NULL);
    CHECK(strstr(out, "\n  -s, --size=SIZE           a size (default 1M)\n") != NULL);
    CHECK(strstr(out, "\n  -t, --text=TEXT           some text\n") != NULL);
    CHECK(strstr(out, "a colour: one of red, green (default green)\n") != NULL);
    CHECK(strstr(out, "\nNumbers:\n") != NULL);
    CHECK(strstr(out, "\n  # show it\n  $ rs-test -f one\n  .begins with a dot\n  'and") != NULL);
    size_t column = 0, widest = 0;
    for (const char *c = out; *c != '\0'; c++) {
        column = *c == '\n' ? 0 : column + 1;
        widest = column > widest ? column : widest;
    }
    CHECK(widest <= 100);
    CHECK(run(parse, (void *)"rs-test --man") == 0);
    CHECK(strstr(out, ".Dt RS-TEST 1\n") != NULL);
    CHECK(strstr(out, "\n\\&.begins with a dot\n\\&'and a quote \\e and \\- more\n") != NULL);
}

static void test_header(void) {
    json_t *header = rs_tool_header(&tool);
    const json_t *parameters = json_object_get(header, "parameters");
    CHECK(strncmp(json_string_value(json_object_get(header, "program")), "rs-test ", 8) == 0);
    CHECK(json_is_false(json_object_get(parameters, "flag")));
    CHECK(json_integer_value(json_object_get(parameters, "whole")) == 5);
    CHECK(json_real_value(json_object_get(parameters, "real")) == 0.5);
    CHECK_TEXT(json_string_value(json_object_get(parameters, "colour")), "green");
    CHECK(json_is_array(json_object_get(parameters, "list")));
    CHECK(json_object_get(parameters, "unset") == NULL); /* not given and without a default */
    CHECK(json_object_get(parameters, "text") == NULL);
    CHECK(json_object_get(parameters, "size") == NULL); /* changes no result */
    json_decref(header);
}

static void warn(void *message) {
    rs_progname = "rs-test";
    rs_warn("%s", (const char *)message);
}

static void check_line(const char *message, const char *expected) {
    CHECK(run(warn, (void *)(uintptr_t)message) == 0);
    char line[4096];
    snprintf(line, sizeof line, "rs-test: warning: %s\n", expected);
    CHECK_TEXT(said, line);
}

static void note(void *verbosity) {
    rs_progname = "rs-test";
    rs_verbosity = *(int *)verbosity;
    rs_warn("warned");
    rs_note("noted");
    rs_die(EX_DATAERR, "%s: died", "place");
}

static void fail_with(void *data) {
    struct rs_error *err = data;
    rs_progname = "rs-test";
    rs_die_error(err);
}

static void test_messages(void) {
    check_line("plain", "plain");
    check_line("a\nb\tc\rd", "a\\nb\\tc\\rd");
    check_line("\x1b[31mred\x7f\x01", "\\x1b[31mred\\x7f\\x01");
    check_line("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xac",
               "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xac");
    check_line("\xff\xc3", "\\xff\\xc3"); /* no UTF-8 */
    check_line("\xc2\x9b"
               "31m",
               "\\xc2\\x9b31m"); /* a terminal's other escape */
    char *huge = rs_calloc(100001, 1);
    memset(huge, '\n', 100000);
    CHECK(run(warn, huge) == 0);
    CHECK(strlen(said) < 2100 && strchr(said, '\n') == said + strlen(said) - 1);
    free(huge);
    int quiet = -1, normal = 0, verbose = 1;
    CHECK(run(note, &quiet) == EX_DATAERR);
    CHECK_TEXT(said, "rs-test: place: died\n");
    CHECK(run(note, &normal) == EX_DATAERR);
    CHECK_TEXT(said, "rs-test: warning: warned\nrs-test: place: died\n");
    CHECK(run(note, &verbose) == EX_DATAERR);
    CHECK_TEXT(said, "rs-test: warning: warned\nrs-test: noted\nrs-test: place: died\n");
    struct rs_error err = {0};
    CHECK(!rs_fail(&err, EX_NOINPUT, "%s %d", "reason", 7) && err.code == EX_NOINPUT);
    CHECK(!rs_fail_at(&err, "place %d", 3) && err.code == EX_NOINPUT);
    CHECK(run(fail_with, &err) == EX_NOINPUT);
    CHECK_TEXT(said, "rs-test: place 3: reason 7\n");
    CHECK(!rs_fail(NULL, EX_NOINPUT, "nobody asks"));
}

int main(void) {
    test_parsing();
    test_refusals();
    test_common();
    test_header();
    test_messages();
    return done();
}
