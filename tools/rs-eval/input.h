/* Reads what models answered, from rs files or from anybody's text, into the evidence. */
#ifndef INPUT_H
#define INPUT_H

#include "evidence.h"

/* An operand: FILE, MODEL=FILE or MODEL:FOLD=FILE. */
struct input {
    char *model; /* NULL: what the file says, else its name */
    char *fold;  /* NULL: what the file says */
    const char *path;
};

struct input input_parse(const char *operand);
void input_free(struct input *input);

/* What a file that names no model is called: "out/mine.tsv" is "mine". The caller frees it. */
char *input_name(const char *path);

/* What is given for files that can't tell it themselves. */
struct text_options {
    bool lists;            /* recommendation lists, not predictions of test pairs */
    const char *separator; /* NULL: found */
    struct rs_scale scale; /* n == 0: unknown */
    int64_t catalogue;     /* -1: unknown */
};

/* Adds a file of kind "scores". */
bool input_stream(struct evidence *evidence, const struct input *input, struct rs_error *err);

/* Adds predictions `user item score [rating]`, recommendation lists `user item [score]`, or a
 * trec_eval run `user Q0 item rank score tag`. */
bool input_text(struct evidence *evidence, const struct input *input,
                const struct text_options *options, struct rs_error *err);

/* Adds the true ratings of the fold called LABEL: a file of kind "ratings", text `user item [rating
 * [time]]`, or trec_eval qrels `user 0 item relevance`. */
bool input_truth(struct evidence *evidence, const char *label, const char *path,
                 const struct text_options *options, struct rs_error *err);

/* The same for a file of kind "ratings". */
bool input_truth_stream(struct evidence *evidence, struct fold *fold, const char *path,
                        struct rs_error *err);

#endif
