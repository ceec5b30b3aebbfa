#include "program/completion.h"

#include <stdio.h>
#include <string.h>

/* The words that an option's argument can be, or NULL when it can be anything. */
static const char *const *words_of(const struct rs_option *option) {
    return option->kind == RS_CHOICE || option->kind == RS_INTEGER ? option->choices : NULL;
}

static bool names_file(const struct rs_option *option) {
    return (option->kind == RS_STRING || option->kind == RS_LIST) && option->argument != NULL &&
           (strstr(option->argument, "FILE") != NULL || strstr(option->argument, "DIR") != NULL);
}

/* "rs-sim" as a shell's function is named: _rs_sim. */
static void print_function(const struct rs_tool *tool) {
    putchar('_');
    for (const char *c = tool->name; *c != '\0'; c++) putchar(*c == '-' ? '_' : *c);
}

static void print_words(const char *const *words) {
    for (size_t i = 0; words[i] != NULL; i++) printf("%s%s", i > 0 ? " " : "", words[i]);
}

/* Words come from here; where none fit, readline goes on with files (-o default). */
static void print_bash(const struct rs_tool *tool) {
    printf("# bash completion for %s\n", tool->name);
    print_function(tool);
    printf("() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    # --option=word comes as three words\n"
           "    if [ \"$word\" = = ]; then\n"
           "        word=\n"
           "    elif [ \"$before\" = = ]; then\n"
           "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
           "    fi\n"
           "    COMPREPLY=()\n"
           "    case $before in\n");
    for (const struct rs_option *o = tool->options; !rs_option_is_last(o); o++) {
        if (o->kind == RS_HEADING || o->kind == RS_FLAG) continue;
        printf("    --%s", o->name);
        if (o->letter != 0) printf(" | -%c", o->letter);
        printf(")\n");
        if (words_of(o) != NULL) {
            printf("        mapfile -t COMPREPLY < <(compgen -W '");
            print_words(words_of(o));
            printf("' -- \"$word\")\n");
        }
        printf("        return\n        ;;\n");
    }
    printf("    esac\n    [[ $word != -* ]] || mapfile -t COMPREPLY < <(compgen -W '");
    for (const struct rs_option *o = tool->options; !rs_option_is_last(o); o++)
        if (o->kind != RS_HEADING) printf("%s--%s", o == tool->options ? "" : " ", o->name);
    printf("' -- \"$word\")\n}\ncomplete -o default -F ");
    print_function(tool);
    printf(" %s\n", tool->name);
}

/* Text in single quotes, with what _arguments would take for its own escaped. */
static void print_zsh_text(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'') {
            fputs("'\\''", stdout);
        } else {
            if (strchr("[]:\\", *c) != NULL) putchar('\\');
            putchar(*c == '\n' ? ' ' : *c);
        }
    }
}

static void print_zsh_option(const struct rs_option *option) {
    bool takes = option->kind != RS_FLAG, repeats = option->kind == RS_LIST;
    printf("    ");
    if (repeats) {
        printf("'*'");
    } else if (option->letter != 0) {
        printf("'(-%c --%s)'", option->letter, option->name);
    }
    if (option->letter != 0) {
        printf("{-%c%s,--%s%s}", option->letter, takes ? "+" : "", option->name, takes ? "=" : "");
    } else {
        printf("--%s%s", option->name, takes ? "=" : "");
    }
    printf("'[");
    print_zsh_text(option->help);
    putchar(']');
    if (takes) {
        putchar(':');
        print_zsh_text(option->argument);
        putchar(':');
        if (words_of(option) != NULL) {
            putchar('(');
            print_words(words_of(option));
            putchar(')');
        } else if (names_file(option)) {
            fputs("_files", stdout);
        }
    }
    printf("' \\\n");
}

static void print_zsh(const struct rs_tool *tool) {
    printf("#compdef %s\n_arguments -s -S \\\n", tool->name);
    for (const struct rs_option *o = tool->options; !rs_option_is_last(o); o++)
        if (o->kind != RS_HEADING) print_zsh_option(o);
    printf("    '*:");
    print_zsh_text(*tool->operands ? tool->operands : "no operand");
    printf(":%s'\n", *tool->operands ? "_files" : "");
}

bool rs_completion_print(const struct rs_tool *tool, const char *shell) {
    if (strcmp(shell, "bash") == 0) {
        print_bash(tool);
    } else if (strcmp(shell, "zsh") == 0) {
        print_zsh(tool);
    } else {
        return false;
    }
    return true;
}
