/* Reads a program's command line by its table.
 *
 * For tools only: bad usage ends the program with EX_USAGE and one line on stderr. */
#ifndef RS_OPTIONS_H
#define RS_OPTIONS_H

#include "program/threads.h"
#include "program/tool.h"

/* What every program has. RS_END_OPTIONS adds help, version, quiet and verbose and ends a table. */
extern const char *rs_output_path;
extern const char *rs_completion_shell;

#define RS_OUTPUT_OPTION                                                                           \
    {"output", 'o', RS_STRING, "FILE", &rs_output_path, 0, 0, NULL, false,                         \
     "write to FILE, which appears when it is whole; '-' is standard output"}
#define RS_THREADS_OPTION                                                                          \
    {"threads", 't', RS_INTEGER, "N", &rs_threads, 0, 1024, NULL, false,                           \
     "threads; 0 takes all processors; results do not depend on it"}
#define RS_SEED_OPTION(variable)                                                                   \
    {"seed", 0, RS_INTEGER, "N", variable, 0, 9007199254740992., NULL, true,                       \
     "seed of everything that is drawn"}
#define RS_END_OPTIONS                                                                             \
    {"quiet", 'q', RS_FLAG, NULL, NULL, 0, 0, NULL, false, "no warnings, only errors"},            \
        {"verbose", 'v', RS_FLAG, NULL, NULL, 0, 0, NULL, false,                                   \
         "one closing line of figures on standard error"},                                         \
        {"help", 'h', RS_FLAG, NULL, NULL, 0, 0, NULL, false, "print this help"},                  \
        {"man", 0, RS_FLAG, NULL, NULL, 0, 0, NULL, false, "print the manual page (mdoc)"},        \
        {"completion", 0, RS_STRING, "SHELL", &rs_completion_shell, 0, 0, NULL, false,             \
         "print what bash or zsh needs to complete this program's options"},                       \
        {"version", 'V', RS_FLAG, NULL, NULL, 0, 0, NULL, false, "print the version"}, {           \
        0                                                                                          \
    }

/* Reads argv by the table, sets rs_progname, rs_verbosity and the number of OpenMP threads.
 * Returns the number of operands and points *operands at the first. Prints and exits for --help,
 * --man, --completion and --version. */
size_t rs_options_parse(const struct rs_tool *tool, int argc, char **argv, char ***operands);

/* True when the option was on the command line (rather than left at its default). */
bool rs_option_given(const struct rs_tool *tool, const char *name);

/* Dies with EX_USAGE: "--NAME: reason (try 'TOOL --help')". */
_Noreturn void rs_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
