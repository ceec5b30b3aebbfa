/* Text from a file or pipe, as UTF-8, in blocks that end where a record ends.
 *
 * A byte order mark is dropped, other encodings are converted by iconv. Holds one block. */
#ifndef RS_TEXT_H
#define RS_TEXT_H

#include <stdint.h>

#include "error.h"
#include "fields.h"
#include "form.h"

struct rs_text;

/* Opens PATH ("-": standard input). ENCODING is a name that iconv knows, or NULL to find it: by a byte
 * order mark, else UTF-8 if the first block is valid UTF-8, else Latin-1. SKIP lines are dropped
 * at the beginning. NULL after filling *err. */
struct rs_text *rs_text_open(const char *path, const char *encoding, uint64_t skip,
                             struct rs_error *err);

void rs_text_close(struct rs_text *text);

/* What the input is called in messages. */
const char *rs_text_name(const struct rs_text *text);

/* Finds the form of the text from its first block (see form.h). Call it before rs_text_next. */
bool rs_text_detect(struct rs_text *text, struct rs_form *form, const struct rs_form_given *given,
                    struct rs_error *err);

/* The next block of whole records, empty at the end; valid until the next call. False after filling
 * *err. */
bool rs_text_next(struct rs_text *text, const struct rs_form *form, struct rs_block *block,
                  struct rs_error *err);

/* Bytes read so far, and the size of the input or 0 where it is unknown: for progress. */
uint64_t rs_text_position(const struct rs_text *text);
uint64_t rs_text_size(const struct rs_text *text);

#endif
