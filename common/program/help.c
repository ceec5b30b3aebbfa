#include "program/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { WIDTH = 79, HELP_COLUMN = 28 };

static const struct {
    int code;
    const char *means;
} exit_codes[] = {
    {0, "everything was read, computed and written"},
    {64, "wrong usage: an unknown option, a value out of range"},
    {65, "the input is wrong: malformed, cut short, corrupted, of another kind"},
    {66, "an input file does not exist or can't be read"},
    {70, "a fault of the program itself: a result that is not a number"},
    {71, "the system gave no memory or no process"},
    {73, "the output file can't be created"},
    {74, "reading or writing failed; the output is not there"},
    {75, "try again later: something else is at work here"},
};

/* Prints text from column `at` (where the cursor is) to WIDTH, further lines indented alike. */
static void print_wrapped(const char *text, size_t at, size_t indent) {
    size_t column = at;
    while (*text != '\0') {
        if (*text == '\n') {
            printf("\n%*s", text[1] == '\n' ? 0 : (int)indent, "");
            column = indent;
            text++;
            continue;
        }
        size_t word = strcspn(text, " \n");
        if (column + word > WIDTH && column > indent) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        fwrite(text, 1, word, stdout);
        text += word;
        column += word;
        size_t spaces = strspn(text, " ");
        if (spaces > 0 && text[spaces] != '\0' && text[spaces] != '\n') {
            size_t next = strcspn(text + spaces, " \n");
            if (column + spaces + next <= WIDTH) {
                printf("%*s", (int)spaces, "");
                column += spaces;
            } else {
                column = WIDTH;
            }
        }
        text += spaces;
    }
    putchar('\n');
}

/* "metric; one of a, b (default a)" */
static char *full_help(const struct rs_option *option) {
    char *help = rs_strdup(option->help);
    if (option->kind == RS_CHOICE) {
        for (int i = 0; option->choices[i] != NULL; i++) {
            char *more = rs_format("%s%s%s", help, i == 0 ? ": one of " : ", ", option->choices[i]);
            free(help);
            help = more;
        }
    }
    char *value = option->value == NULL ? NULL : rs_option_value(option);
    if (value != NULL && *value != '\0') {
        char *more = rs_format("%s (default %s)", help, value);
        free(help);
        help = more;
    }
    free(value);
    return help;
}

static void print_option(const struct rs_option *option) {
    if (option->kind == RS_HEADING) {
        printf("\n%s\n", option->help);
        return;
    }
    char letter[8] = "    ";
    if (option->letter != 0) snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int used = printf("  %s--%s%s%s", letter, option->name, option->argument ? "=" : "",
                      option->argument ? option->argument : "");
    if (used >= HELP_COLUMN - 1) {
        printf("\n%*s", HELP_COLUMN, "");
    } else {
        printf("%*s", HELP_COLUMN - used, "");
    }
    char *help = full_help(option);
    print_wrapped(help, HELP_COLUMN, HELP_COLUMN);
    free(help);
}

/* Every line of TEXT behind INDENT. */
static void print_indented(const char *text, const char *indent) {
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        printf("%s%.*s\n", indent, (int)length, text);
        text += length;
        if (*text == '\n') text++;
    }
}

static void print_example(const struct rs_example *example) {
    size_t first = strcspn(example->command, "\n");
    printf("  # %s\n  $ %.*s\n", example->says, (int)first, example->command);
    print_indented(example->command + first + (example->command[first] == '\n'), "  ");
    print_indented(example->output, "  ");
}

void rs_help_print(const struct rs_tool *tool) {
    printf("Usage: %s [OPTION]...%s%s\n", tool->name, *tool->operands ? " " : "", tool->operands);
    printf("%s: %s.\n\n", tool->name, tool->summary);
    print_wrapped(tool->about, 0, 0);
    printf("\nMemory: ");
    print_wrapped(tool->memory ? tool->memory : "one batch, whatever the size of the input.", 8, 8);
    printf("\nOptions:\n");
    for (const struct rs_option *o = tool->options; !rs_option_is_last(o); o++) print_option(o);
    printf("\nExamples:\n");
    for (const struct rs_example *e = tool->examples; e->command != NULL; e++) print_example(e);
    printf("\nExit codes of sysexits.h, which the manual page (--man) explains:");
    for (size_t i = 0; i < sizeof exit_codes / sizeof *exit_codes; i++)
        printf(" %d", exit_codes[i].code);
    putchar('\n');
}

/* mdoc: a line must not begin with a dot or a quote, and backslashes are escapes. */
static void print_roff(const char *text) {
    bool line_start = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (line_start && (*c == '.' || *c == '\'')) fputs("\\&", stdout);
        if (*c == '\\') {
            fputs("\\e", stdout);
        } else if (*c == '-') {
            fputs("\\-", stdout);
        } else if (*c == '\n' && c[1] == '\n') {
            fputs("\n.Pp", stdout);
            c++;
            putchar('\n');
        } else {
            putchar(*c);
        }
        line_start = *c == '\n';
    }
    putchar('\n');
}

static void print_man_option(const struct rs_option *option) {
    if (option->kind == RS_HEADING) return;
    printf(".It ");
    if (option->letter != 0) printf("Fl %c , ", option->letter);
    printf("Fl \\-%s", option->name);
    if (option->argument != NULL) printf(" Ns = Ns Ar %s", option->argument);
    putchar('\n');
    char *help = full_help(option);
    print_roff(help);
    free(help);
}

void rs_help_print_man(const struct rs_tool *tool) {
    char upper[32] = "";
    for (size_t i = 0; tool->name[i] != '\0' && i < sizeof upper - 1; i++) {
        char c = tool->name[i];
        upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    printf(".Dd $Mdocdate$\n.Dt %s 1\n.Os rs %s\n.Sh NAME\n.Nm %s\n.Nd %s\n", upper, rs_version(),
           tool->name, tool->summary);
    printf(".Sh SYNOPSIS\n.Nm\n.Op Ar OPTION ...\n");
    if (*tool->operands) printf(".Ar %s\n", tool->operands);
    printf(".Sh DESCRIPTION\n");
    print_roff(tool->about);
    printf(".Pp\nMemory: ");
    print_roff(tool->memory ? tool->memory : "one batch, whatever the size of the input.");
    printf(".Pp\nThe options are:\n.Bl -tag -width Ds\n");
    for (const struct rs_option *o = tool->options; !rs_option_is_last(o); o++) print_man_option(o);
    printf(".El\n.Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    for (size_t i = 0; i < sizeof exit_codes / sizeof *exit_codes; i++)
        printf(".It %d\n%s\n", exit_codes[i].code, exit_codes[i].means);
    printf(".El\n.Sh EXAMPLES\n");
    for (const struct rs_example *e = tool->examples; e->command != NULL; e++) {
        if (e != tool->examples) printf(".Pp\n");
        print_roff(e->says);
        printf(".Bd -literal -offset indent\n$ ");
        print_roff(e->command);
        if (*e->output) print_roff(e->output);
        printf(".Ed\n");
    }
    printf(".Sh SEE ALSO\n.Xr rs 7\n");
}
