/* Text from a file or pipe, as UTF-8, in blocks that end where a record ends.
 *
 * A byte order mark is dropped, other encodings are converted by iconv. Bytes that are not of the
 * encoding stay what UTF-8 cannot be (0xff), so that they are seen where they matter. Holds the
 * first 4 MiB until they are given, then a block. */
#ifndef RS_TEXT_H
#define RS_TEXT_H

#include <stdint.h>

#include "base/error.h"
#include "text/fields.h"
#include "text/form.h"

struct rs_text;

/* Memory for a block, which grows and is the caller's to free: begin with zeros. */
struct rs_text_buffer {
    char *bytes;
    size_t capacity;
};

/* Opens PATH ("-": standard input). ENCODING is a name that iconv knows, or NULL to find it: by a
 * byte order mark, else UTF-8 if the first 4 MiB are valid UTF-8, else Latin-1. SKIP lines are
 * dropped at the beginning. NULL after filling *err. */
struct rs_text *rs_text_open(const char *path, const char *encoding, uint64_t skip,
                             struct rs_error *err);

void rs_text_close(struct rs_text *text);

/* What the input is called in messages. */
const char *rs_text_name(const struct rs_text *text);

/* The encoding that is converted from; NULL for UTF-8. */
const char *rs_text_encoding(const struct rs_text *text);

/* Finds the form of the text from its beginning (see form.h) and drops what stands above its header.
 * Call it before rs_text_next. */
bool rs_text_detect(struct rs_text *text, struct rs_form *form, const struct rs_form_given *given,
                    struct rs_error *err);

/* The next block of whole records, empty at the end; valid until the next call. False after filling
 * *err. */
bool rs_text_next(struct rs_text *text, const struct rs_form *form, struct rs_block *block,
                  struct rs_error *err);

/* The same in the caller's memory, where it stays: for work on several blocks at once. */
bool rs_text_next_into(struct rs_text *text, const struct rs_form *form,
                       struct rs_text_buffer *buffer, struct rs_block *block, struct rs_error *err);

/* Bytes read so far, and the size of the input or 0 where it is unknown: for progress. */
uint64_t rs_text_position(const struct rs_text *text);
uint64_t rs_text_size(const struct rs_text *text);

#endif
