#include "program/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "program/completion.h"
#include "program/help.h"

enum { MAX_OPTIONS = 64, LONG_ONLY = 256 };

const char *rs_output_path = "-";
const char *rs_completion_shell = NULL;

static bool given[MAX_OPTIONS];

void rs_usage_error(const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    rs_die(EX_USAGE, "%s (try '%s --help')", text, rs_progname);
}

static int64_t parse_integer(const struct rs_option *option, const char *text) {
    if (option->choices != NULL && strcmp(text, option->choices[0]) == 0)
        return (int64_t)option->max;
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || isspace((unsigned char)*text) || errno != 0 || (double)number < option->min ||
        (double)number > option->max) {
        const char *word = option->choices == NULL ? "" : option->choices[0];
        rs_usage_error("--%s: '%s' is not a whole number from %.0f to %.0f%s%s", option->name, text,
                       option->min, option->max, *word ? " or " : "", word);
    }
    return number;
}

static double parse_real(const struct rs_option *option, const char *text) {
    double number;
    if (!rs_number_parse(text, strlen(text), &number) || !(number >= option->min) ||
        !(number <= option->max))
        rs_usage_error("--%s: '%s' is not a number from %g to %g", option->name, text, option->min,
                       option->max);
    return number;
}

static int64_t parse_bytes(const struct rs_option *option, const char *text) {
    static const char units[] = "KMGkmg";
    size_t length = strlen(text);
    const char *found = length > 0 ? strchr(units, text[length - 1]) : NULL;
    double unit = found == NULL ? 1 : (double)(1ull << (10 * ((found - units) % 3 + 1)));
    double number;
    if (!rs_number_parse(text, length - (found != NULL), &number) ||
        !((number *= unit) >= option->min) || !(number <= option->max))
        rs_usage_error("--%s: '%s' is not a size such as 512M or 2G", option->name, text);
    return (int64_t)number;
}

static int parse_choice(const struct rs_option *option, const char *text) {
    char known[512] = "";
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], text) == 0) return i;
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", option->choices[i]);
    }
    rs_usage_error("--%s: '%s' is none of %s", option->name, text, known);
}

static void add_to_list(struct rs_list *list, const char *text) {
    list->items = rs_realloc(list->items, list->n + 1, sizeof *list->items);
    list->items[list->n++] = text;
}

static void set_value(const struct rs_option *option, const char *text) {
    switch (option->kind) {
    case RS_FLAG:
        if (option->value != NULL) *(bool *)option->value = true;
        break;
    case RS_STRING:
        *(const char **)option->value = text;
        break;
    case RS_INTEGER:
        *(int64_t *)option->value = parse_integer(option, text);
        break;
    case RS_REAL:
        *(double *)option->value = parse_real(option, text);
        break;
    case RS_BYTES:
        *(int64_t *)option->value = parse_bytes(option, text);
        break;
    case RS_CHOICE:
        *(int *)option->value = parse_choice(option, text);
        break;
    case RS_LIST:
        add_to_list(option->value, text);
        break;
    case RS_HEADING:
        break;
    }
}

/* The options every program shares, which act at once. */
static void act_on_common(const struct rs_tool *tool, const struct rs_option *option) {
    if (option->value == &rs_completion_shell) {
        if (!rs_completion_print(tool, rs_completion_shell))
            rs_usage_error("--completion: '%s' is neither bash nor zsh", rs_completion_shell);
        exit(rs_finish());
    }
    if (option->value != NULL || option->kind != RS_FLAG) return;
    if (strcmp(option->name, "quiet") == 0) rs_verbosity = -1;
    if (strcmp(option->name, "verbose") == 0) rs_verbosity = 1;
    bool asked = true;
    if (strcmp(option->name, "help") == 0) {
        rs_help_print(tool);
    } else if (strcmp(option->name, "man") == 0) {
        rs_help_print_man(tool);
    } else if (strcmp(option->name, "version") == 0) {
        printf("%s (rs) %s\n", tool->name, rs_version());
    } else {
        asked = false;
    }
    if (asked) exit(rs_finish());
}

/* Fills getopt_long's tables; returns the number of rows of the option table. */
static int make_tables(const struct rs_tool *tool, struct option *longs, char *shorts) {
    *shorts++ = ':';
    int n = 0, n_longs = 0;
    for (const struct rs_option *o = tool->options; !rs_option_is_last(o); o++, n++) {
        if (n >= MAX_OPTIONS) rs_die(EX_SOFTWARE, "the option table is longer than %d", n);
        if (o->kind == RS_HEADING) continue;
        bool takes = o->kind != RS_FLAG;
        longs[n_longs++] = (struct option){o->name, takes, NULL, LONG_ONLY + n};
        if (o->letter == 0) continue;
        *shorts++ = o->letter;
        if (takes) *shorts++ = ':';
    }
    longs[n_longs] = (struct option){0};
    *shorts = '\0';
    return n;
}

static int option_of_letter(const struct rs_tool *tool, int n, int letter) {
    for (int i = 0; i < n; i++)
        if (tool->options[i].kind != RS_HEADING && tool->options[i].letter == letter) return i;
    return -1;
}

/* getopt has just seen something it does not know; its word is still in argv. */
static _Noreturn void refuse(int code, char **argv) {
    const char *word = argv[optind - 1];
    if (optopt != 0 && optopt < LONG_ONLY) {
        if (code == ':') rs_usage_error("-%c needs an argument", optopt);
        rs_usage_error("there is no option -%c", optopt);
    }
    if (code == ':') rs_usage_error("%s needs an argument", word);
    if (optopt >= LONG_ONLY) rs_usage_error("%s takes no argument", word);
    rs_usage_error("there is no option %s", word);
}

size_t rs_options_parse(const struct rs_tool *tool, int argc, char **argv, char ***operands) {
    rs_progname = tool->name;
    struct option longs[MAX_OPTIONS + 1];
    char shorts[2 * MAX_OPTIONS + 2];
    int n = make_tables(tool, longs, shorts);
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (code == '?' || code == ':') refuse(code, argv);
        int row = code >= LONG_ONLY ? code - LONG_ONLY : option_of_letter(tool, n, code);
        given[row] = true;
        set_value(&tool->options[row], optarg);
        act_on_common(tool, &tool->options[row]);
    }
    size_t n_operands = (size_t)(argc - optind);
    if (n_operands < tool->min_operands)
        rs_usage_error("an operand is missing; usage: %s [OPTION]... %s", tool->name,
                       tool->operands);
    if (n_operands > tool->max_operands)
        rs_usage_error("'%s' is one operand too many", argv[optind + (int)tool->max_operands]);
    rs_threads_use();
    *operands = argv + optind;
    return n_operands;
}

bool rs_option_given(const struct rs_tool *tool, const char *name) {
    for (int i = 0; !rs_option_is_last(&tool->options[i]); i++)
        if (tool->options[i].name != NULL && strcmp(tool->options[i].name, name) == 0)
            return given[i];
    return false;
}
