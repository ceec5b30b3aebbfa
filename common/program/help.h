/* What rs_options_parse prints for --help and --man, made from the program's table. */
#ifndef RS_HELP_H
#define RS_HELP_H

#include "program/tool.h"

/* Plain text, at most 80 columns, on stdout. */
void rs_help_print(const struct rs_tool *tool);

/* An mdoc(7) page on stdout. */
void rs_help_print_man(const struct rs_tool *tool);

#endif
