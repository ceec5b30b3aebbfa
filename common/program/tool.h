/* The table that describes a program: its options, what it is about, its examples.
 *
 * A program fills a struct rs_tool with static data. From it come the parser (options.h), --help
 * and the man page (help.h) and the parameters in the header of its output. Option values are the
 * program's own variables; their initial value is the default, and --help prints it from there, so
 * that help and truth cannot differ. A number outside its range is no default at all. */
#ifndef RS_TOOL_H
#define RS_TOOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rs_option_kind {
    RS_FLAG,    /* bool: given or not */
    RS_STRING,  /* const char *: any text; NULL prints no default */
    RS_INTEGER, /* int64_t in min..max; a word in choices stands for max ("all") */
    RS_REAL,    /* double in min..max */
    RS_BYTES,   /* int64_t in min..max, with an optional K, M or G (powers of 1024) */
    RS_CHOICE,  /* int: the index in choices, a NULL-terminated list of words */
    RS_LIST,    /* struct rs_list: every use of the option adds its argument */
    RS_HEADING, /* no option: `help` is a line of its own between groups of options */
};

struct rs_list {
    size_t n;
    const char **items;
};

struct rs_option {
    const char *name; /* long name without dashes */
    char letter;      /* short name, or 0 */
    enum rs_option_kind kind;
    const char *argument; /* the word that stands for the argument in the help */
    void *value;          /* a variable of the kind's type, holding the default */
    double min, max;
    const char *const *choices;
    bool result; /* changes what the program computes: goes into the header of its output */
    const char *help;
};

/* An example is run by the tests in a folder that holds the built-in sample; `output` is what it
 * prints, to the letter. */
struct rs_example {
    const char *says;    /* one line: what it is for */
    const char *command; /* a long one goes on behind a backslash and a newline */
    const char *output;
};

struct rs_tool {
    const char *name;     /* "rs-sim" */
    const char *summary;  /* one line without a full stop */
    const char *operands; /* "[MATRIX]", or "" */
    const char *about;    /* paragraphs, separated by an empty line */
    const char *memory;   /* what it holds, as a formula; NULL for one batch */
    size_t min_operands, max_operands;
    const struct rs_option *options;   /* ends with a row of zeros */
    const struct rs_example *examples; /* ends with a row of zeros */
};

/* True for the row of zeros that ends a table. */
bool rs_option_is_last(const struct rs_option *option);

/* How every header begins: {"program": "rs-sim 1.4.2", "parameters": {"metric": "cosine", …}}, with
 * the options marked `result`. The caller owns the object. */
json_t *rs_tool_header(const struct rs_tool *tool);

/* The default or current value of an option as text for help, or NULL when there is none. The
 * caller frees it. */
char *rs_option_value(const struct rs_option *option);

/* "1.4.2", or with the commit behind it between releases. */
const char *rs_version(void);

#endif
