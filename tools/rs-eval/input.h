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

/* Adds a file of kind "scores". Lists that do not say of which fold they are belong to the one
 * that evidence_fold_of tells: unless it is LATE, when all folds are known, such a file sets
 * *postponed and waits. */
bool input_stream(struct evidence *evidence, const struct input *input, bool late, bool *postponed,
                  struct rs_error *err);

/* Adds predictions `user item score [rating]`, recommendation lists `user item [score]`, or a
 * trec_eval run `user Q0 item rank score tag`: of the fold that INPUT names, or of the only one
 * there is. */
bool input_text(struct evidence *evidence, const struct input *input,
                const struct text_options *options, struct rs_error *err);

/* A file of ratings: an rs file of that kind, text `user item [rating [time]]`, or trec_eval qrels
 * `user 0 item relevance`. What is known of all of them, and who takes them piece by piece. */
struct ratings {
    const char *path;
    bool implicit; /* set by input_ratings: there is nothing but the pairs, or the file says so */
    struct rs_scale scale; /* likewise; n == 0: the file does not say */
    bool (*take)(struct ratings *ratings, const struct piece *piece, struct rs_error *err);
    void *taker;
};

/* Reads a file of ratings, whose names are added to the evidence's. */
bool input_ratings(struct evidence *evidence, struct ratings *ratings,
                   const struct text_options *options, struct rs_error *err);

/* Takes the file at PATH as the true ratings of the only fold there is. */
bool input_truth(struct evidence *evidence, const char *path, const struct text_options *options,
                 struct rs_error *err);

/* Reads an rs file or text of ratings: the two halves of input_ratings. */
bool input_ratings_stream(struct evidence *evidence, struct ratings *ratings, struct rs_error *err);
bool input_ratings_text(struct evidence *evidence, struct ratings *ratings,
                        const struct text_options *options, struct rs_error *err);

#endif
