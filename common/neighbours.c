#include "neighbours.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "topk.h"

/* Both forms of the matrix with the values of the metric in the place of the ratings. */
struct problem {
    const struct rs_neighbours_options *options;
    const struct rs_sparse *lines, *others;
    double *line_value, *other_value;
    struct rs_line_sums *line;
};

/* The neighbours of one line. */
struct list {
    uint64_t *keys;
    size_t n;
};

static void prepare(struct problem *problem, const struct rs_matrix *matrix,
                    const struct rs_neighbours_options *options) {
    const struct rs_sparse *lines = rs_matrix_form(matrix, options->users);
    const struct rs_sparse *others = rs_matrix_form(matrix, !options->users);
    *problem = (struct problem){options, lines, others, NULL, NULL, NULL};
    problem->line_value = rs_malloc(matrix->n_ratings, sizeof(double));
    problem->other_value = rs_malloc(matrix->n_ratings, sizeof(double));
    problem->line = rs_malloc(lines->n_lines, sizeof *problem->line);
#pragma omp parallel for schedule(static)
    for (size_t a = 0; a < lines->n_lines; a++) {
        double squares = 0;
        for (uint64_t e = lines->start[a]; e < lines->start[a + 1]; e++) {
            double value = rs_similarity_value(&options->similarity, matrix, options->users,
                                               (uint32_t)a, lines->other[e], lines->rating[e]);
            problem->line_value[e] = value;
            squares += value * value;
        }
        double n = (double)(lines->start[a + 1] - lines->start[a]);
        problem->line[a] = (struct rs_line_sums){n, squares};
    }
#pragma omp parallel for schedule(static)
    for (size_t o = 0; o < others->n_lines; o++)
        for (uint64_t e = others->start[o]; e < others->start[o + 1]; e++)
            problem->other_value[e] =
                rs_similarity_value(&options->similarity, matrix, options->users, others->other[e],
                                    (uint32_t)o, others->rating[e]);
}

static void free_problem(struct problem *problem) {
    free(problem->line_value);
    free(problem->other_value);
    free(problem->line);
}

/* Sums of line A with all lines. */
static void add_products(const struct problem *problem, size_t a, struct rs_sums *sums) {
    const struct rs_sparse *lines = problem->lines, *others = problem->others;
    memset(sums, 0, lines->n_lines * sizeof *sums);
    for (uint64_t e = lines->start[a]; e < lines->start[a + 1]; e++) {
        size_t o = lines->other[e];
        double x = problem->line_value[e];
        for (uint64_t f = others->start[o]; f < others->start[o + 1]; f++) {
            struct rs_sums *sum = &sums[others->other[f]];
            double y = problem->other_value[f];
            sum->n += 1;
            sum->x += x;
            sum->y += y;
            sum->xx += x * x;
            sum->yy += y * y;
            sum->xy += x * y;
        }
    }
}

static struct list select_best(const struct problem *problem, size_t a, const struct rs_sums *sums,
                               uint64_t *keys) {
    const struct rs_neighbours_options *options = problem->options;
    size_t n = 0;
    for (size_t b = 0; b < problem->lines->n_lines; b++) {
        double similarity;
        if (b == a || sums[b].n < 1 ||
            !rs_similarity_of(&options->similarity, &problem->line[a], &problem->line[b], &sums[b],
                              &similarity) ||
            !((float)similarity > options->min_similarity))
            continue;
        keys[n++] = rs_topk_key((float)similarity, (uint32_t)b);
    }
    rs_topk_partition(keys, n, options->k);
    if (n > options->k) n = options->k;
    rs_topk_sort(keys, n);
    struct list list = {rs_malloc(n, sizeof *keys), n};
    memcpy(list.keys, keys, n * sizeof *keys);
    return list;
}

static void gather(struct rs_neighbours *found, struct list *lists) {
    size_t n = found->to - found->from;
    found->start = rs_malloc(n + 1, sizeof *found->start);
    found->start[0] = 0;
    for (size_t i = 0; i < n; i++) found->start[i + 1] = found->start[i] + lists[i].n;
    found->other = rs_malloc(found->start[n], sizeof *found->other);
    found->similarity = rs_malloc(found->start[n], sizeof *found->similarity);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < lists[i].n; j++) {
            found->other[found->start[i] + j] = rs_topk_index(lists[i].keys[j]);
            found->similarity[found->start[i] + j] = rs_topk_value(lists[i].keys[j]);
        }
        free(lists[i].keys);
    }
}

void rs_neighbours_find(struct rs_neighbours *found, const struct rs_matrix *matrix,
                        const struct rs_neighbours_options *options, size_t from, size_t to) {
    *found = (struct rs_neighbours){.from = from, .to = to};
    struct problem problem;
    prepare(&problem, matrix, options);
    struct list *lists = rs_calloc(to - from, sizeof *lists);
#pragma omp parallel
    {
        struct rs_sums *sums = rs_malloc(problem.lines->n_lines, sizeof *sums);
        uint64_t *keys = rs_malloc(problem.lines->n_lines, sizeof *keys);
#pragma omp for schedule(dynamic, 16)
        for (size_t a = from; a < to; a++) {
            add_products(&problem, a, sums);
            lists[a - from] = select_best(&problem, a, sums, keys);
        }
        free(sums);
        free(keys);
    }
    gather(found, lists);
    free(lists);
    free_problem(&problem);
}

void rs_neighbours_free(struct rs_neighbours *found) {
    free(found->start);
    free(found->other);
    free(found->similarity);
    *found = (struct rs_neighbours){0};
}

/* Multiply-adds of a line against all, and one for looking at it. */
static double line_work(const struct rs_sparse *lines, const struct rs_sparse *others, size_t a) {
    double work = 1;
    for (uint64_t e = lines->start[a]; e < lines->start[a + 1]; e++) {
        size_t o = lines->other[e];
        work += (double)(others->start[o + 1] - others->start[o]);
    }
    return work;
}

void rs_neighbours_part(const struct rs_matrix *matrix, bool users, size_t i, size_t n,
                        size_t *from, size_t *to) {
    const struct rs_sparse *lines = rs_matrix_form(matrix, users);
    const struct rs_sparse *others = rs_matrix_form(matrix, !users);
    double *until = rs_malloc(lines->n_lines + 1, sizeof *until);
    until[0] = 0;
    for (size_t a = 0; a < lines->n_lines; a++)
        until[a + 1] = until[a] + line_work(lines, others, a);
    double share = until[lines->n_lines] / (double)n;
    size_t cut[2];
    for (size_t side = 0; side < 2; side++) {
        size_t line = 0;
        while (line < lines->n_lines && until[line] < share * (double)(i + side)) line++;
        cut[side] = i + side == n ? lines->n_lines : line;
    }
    *from = cut[0];
    *to = cut[1];
    free(until);
}
