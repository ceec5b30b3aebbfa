/* What a shell needs to complete a program's command line, made from the program's table. */
#ifndef RS_COMPLETION_H
#define RS_COMPLETION_H

#include "program/tool.h"

/* A script for SHELL ("bash" or "zsh") on stdout. False if there is none for that shell. */
bool rs_completion_print(const struct rs_tool *tool, const char *shell);

#endif
