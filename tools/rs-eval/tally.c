#include "tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "measures/ranks.h"
#include "standing.h"

struct tally tally_new(const struct evidence *evidence, const struct requests *requests) {
    size_t n = evidence->n_users * requests->n;
    return (struct tally){evidence->n_users, requests->n, rs_calloc(n, sizeof(double)),
                          rs_calloc(n, sizeof(double)), rs_calloc(n, sizeof(uint32_t))};
}

void tally_free(struct tally *tally) {
    free(tally->num);
    free(tally->den);
    free(tally->count);
    *tally = (struct tally){0};
}

void tally_clear(struct tally *tally) {
    size_t n = tally->n_users * tally->n_requests;
    memset(tally->num, 0, n * sizeof *tally->num);
    memset(tally->den, 0, n * sizeof *tally->den);
    memset(tally->count, 0, n * sizeof *tally->count);
}

bool tally_possible(const struct answers *answers, const struct request *request) {
    if (request->among_test) return answers->file[TASK_PREDICT] != NULL;
    switch (measures[request->measure].basis) {
    case BASIS_SCORES:
        return answers->file[TASK_PREDICT] != NULL;
    case BASIS_RANKS:
        if (answers->tied.v == NULL) return false;
        return request->measure == AUC ? answers->deepest == UINT32_MAX
                                       : request->k <= answers->deepest;
    case BASIS_LISTS:
    case BASIS_EXPOSURE:
        break;
    }
    return false;
}

/* Accuracy of one user's rows */

struct errors {
    double squared, absolute, signed_sum, raw_squared, raw_absolute;
    uint32_t n, answered, stated, within; /* a deviation, and of those errors within it */
};

static struct errors sum_errors(const struct answers *answers, size_t begin, size_t end,
                                const uint8_t *rows) {
    const struct fold *fold = answers->fold;
    const struct rs_scale *scale = &fold->facts.scale;
    bool clip = scale->n > 0 && !fold->facts.implicit;
    double min = (double)scale->min, max = (double)scale->max;
    struct errors errors = {0};
    for (size_t i = begin; i < end; i++) {
        if (rows != NULL && rows[i] == 0) continue;
        double raw = answers->score.v[i] - fold->rating.v[i], score = answers->score.v[i];
        if (clip) score = score < min ? min : score > max ? max : score;
        double error = score - fold->rating.v[i];
        errors.squared += error * error;
        errors.absolute += fabs(error);
        errors.signed_sum += error;
        errors.raw_squared += raw * raw;
        errors.raw_absolute += fabs(raw);
        errors.answered += answers->source.v[i] == 0;
        if (answers->deviation.v != NULL && answers->deviation.v[i] > 0) {
            errors.stated++;
            errors.within += fabs(raw) <= answers->deviation.v[i];
        }
        errors.n++;
    }
    return errors;
}

static double accuracy(enum measure measure, const struct errors *errors) {
    switch (measure) {
    case RMSE:
    case RMSE_USER:
    case RMSE_FOLDS:
        return errors->squared;
    case MAE:
    case MAE_FOLDS:
    case MAE_USER:
        return errors->absolute;
    case RMSE_RAW:
        return errors->raw_squared;
    case MAE_RAW:
        return errors->raw_absolute;
    case BIAS:
        return errors->signed_sum;
    case WITHIN_DEVIATION:
        return errors->within;
    default:
        return errors->answered;
    }
}

static void add(struct tally *tally, size_t r, size_t user, double num, double den,
                uint32_t count) {
    size_t at = r * tally->n_users + user;
    tally->num[at] += num;
    tally->den[at] += den;
    tally->count[at] += count;
}

static void add_accuracy(struct tally *tally, const struct answers *answers,
                         const struct requests *requests, size_t list, const uint8_t *rows) {
    const struct fold *fold = answers->fold;
    struct errors errors = sum_errors(answers, fold->start[list], fold->start[list + 1], rows);
    if (errors.n == 0) return;
    for (size_t r = 0; r < requests->n; r++) {
        const struct request *request = &requests->all[r];
        if (request->among_test || measures[request->measure].basis != BASIS_SCORES) continue;
        /* Counts are no ratings: how far off a score is says nothing unless it is asked for. */
        if (answers->fold->facts.implicit && !requests->given && request->measure != COVERAGE)
            continue;
        uint32_t n = request->measure == WITHIN_DEVIATION ? errors.stated : errors.n;
        if (n > 0)
            add(tally, r, fold->user.v[fold->start[list]], accuracy(request->measure, &errors), n,
                n);
    }
}

static void add_ranking(struct tally *tally, const struct answers *answers,
                        const struct requests *requests, size_t list, bool among_test,
                        struct standing *standing) {
    uint32_t user = answers->fold->user.v[answers->fold->start[list]];
    for (size_t r = 0; r < requests->n; r++) {
        const struct request *request = &requests->all[r];
        if (request->among_test != among_test || measures[request->measure].basis != BASIS_RANKS ||
            !tally_possible(answers, request))
            continue;
        double num, den;
        if (standing_measure(standing, request, &num, &den)) add(tally, r, user, num, den, 1);
    }
}

bool tally_add(struct tally *tally, const struct answers *answers, const struct requests *requests,
               const struct rules *rules, const uint8_t *rows, struct rs_error *err) {
    const struct fold *fold = answers->fold;
    bool scores = answers->file[TASK_PREDICT] != NULL && requests->use_basis[BASIS_SCORES];
    bool ranks = answers->tied.v != NULL && requests->use_basis[BASIS_RANKS];
    bool ok = true;
#pragma omp parallel reduction(&& : ok)
    {
        struct standing *standing = standing_new(requests, rules);
#pragma omp for schedule(dynamic, 64)
        for (size_t l = 0; l < fold->n_lists; l++) { /* lists are of different users: no two meet */
            if (scores) add_accuracy(tally, answers, requests, l, rows);
            if (ranks && (ok = ok && standing_read(standing, answers, l, rows, false)))
                add_ranking(tally, answers, requests, l, false, standing);
            if (scores && requests->use_among_test &&
                standing_read(standing, answers, l, rows, true))
                add_ranking(tally, answers, requests, l, true, standing);
        }
        standing_free(standing);
    }
    if (ok) return true;
    return rs_fail(err, EX_DATAERR,
                   "%s: the file is damaged: the ranks of a user's items contradict "
                   "each other",
                   answers->file[answers->file[TASK_RANK] != NULL ? TASK_RANK : TASK_TOP]);
}

void tally_join(struct tally *tally, const struct tally *from) {
    size_t n = tally->n_users * tally->n_requests;
    for (size_t i = 0; i < n; i++) {
        tally->num[i] += from->num[i];
        tally->den[i] += from->den[i];
        tally->count[i] += from->count[i];
    }
}

void tally_close(struct tally *tally, const struct requests *requests) {
    for (size_t r = 0; r < requests->n; r++) {
        enum measure measure = requests->all[r].measure;
        if (requests->all[r].among_test || (measure != RMSE_USER && measure != MAE_USER)) continue;
        for (size_t at = r * tally->n_users; at < (r + 1) * tally->n_users; at++) {
            if (tally->count[at] == 0) continue;
            double mean = tally->num[at] / tally->den[at];
            tally->num[at] = measure == RMSE_USER ? sqrt(mean) : mean;
            tally->den[at] = 1;
            tally->count[at] = 1;
        }
    }
}

double tally_value(enum measure measure, double num, double den) {
    return measure == RMSE || measure == RMSE_RAW || measure == RMSE_FOLDS ? sqrt(num / den)
                                                                           : num / den;
}

struct figure tally_figure(const struct tally *tally, const struct requests *requests, size_t r,
                           const uint32_t *users, size_t n_users) {
    const double *num = tally->num + r * tally->n_users, *den = tally->den + r * tally->n_users;
    const uint32_t *count = tally->count + r * tally->n_users;
    double sum_num = 0, sum_den = 0;
    struct figure figure = {0};
    for (size_t k = 0; k < (users == NULL ? tally->n_users : n_users); k++) {
        size_t u = users == NULL ? k : users[k];
        sum_num += num[u];
        sum_den += den[u];
        figure.n += count[u];
    }
    if (figure.n > 0) figure.value = tally_value(requests->all[r].measure, sum_num, sum_den);
    return figure;
}
