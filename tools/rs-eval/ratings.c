/* Files of ratings, however they are written, and the truth that some are: see input.h. */
#include "format/reader.h"
#include "input.h"

bool input_ratings(struct evidence *evidence, struct ratings *ratings,
                   const struct text_options *options, struct rs_error *err) {
    return rs_reader_probe(ratings->path) ? input_ratings_stream(evidence, ratings, err)
                                          : input_ratings_text(evidence, ratings, options, err);
}

struct truth {
    struct evidence *evidence;
    struct fold *fold;
};

static bool take_truth(struct ratings *ratings, const struct piece *piece, struct rs_error *err) {
    struct truth *truth = ratings->taker;
    return evidence_truth(truth->evidence, truth->fold, ratings->path, piece, err);
}

bool input_truth(struct evidence *evidence, const char *path, const struct text_options *options,
                 struct rs_error *err) {
    struct truth truth = {evidence, evidence_fold(evidence, evidence_fold_of(evidence, NULL))};
    struct ratings ratings = {.path = path, .take = take_truth, .taker = &truth};
    struct facts *facts = &truth.fold->facts;
    if (!input_ratings(evidence, &ratings, options, err)) return false;
    if (facts->scale.n == 0) facts->scale = options->scale.n > 0 ? options->scale : ratings.scale;
    if (facts->catalogue < 0) facts->catalogue = options->catalogue;
    facts->implicit |= ratings.implicit;
    return true;
}
