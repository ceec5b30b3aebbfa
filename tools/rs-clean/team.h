/* Parses the blocks of a text in several threads and hands them over in the order of the text. */
#ifndef CLEAN_TEAM_H
#define CLEAN_TEAM_H

#include <stdbool.h>

#include "base/error.h"
#include "values.h"
#include "text/text.h"

/* Takes the rows of a block; never two at a time, and in order. */
typedef bool team_take(void *context, struct rows *rows, struct rs_error *err);

/* Reads TEXT to its end. False, with *err of whatever failed first in the order of the text. */
bool team_read(struct rs_text *text, const struct row_rules *rules, team_take *take, void *context,
               struct rs_error *err);

#endif
