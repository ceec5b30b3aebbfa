/* The results for people and for programs. */
#ifndef PRINT_H
#define PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "judge.h"

/* Everything there is to tell. */
struct report {
    const struct judge *judge;
    const struct results *results;
    json_t *header; /* program and parameters */
};

/* Tables of the figures over all folds, of the differences, of the segments. */
void print_text(FILE *file, const struct report *report);
void print_markdown(FILE *file, const struct report *report);

/* model,fold,segment,metric,value,n with the ends of intervals as metrics of their own (rmse.low);
 * where models are compared, the differences instead: model,other,segment,metric,… */
void print_csv(FILE *file, const struct report *report);
void print_tsv(FILE *file, const struct report *report);

/* One object: program, parameters, protocol, formulas, figures, comparisons. */
void print_json(FILE *file, const struct report *report);

/* An rs file: a segment "metrics" with the columns of the CSV, and one of "comparisons". */
void print_rs(FILE *file, const struct report *report);

/* Files of trec_eval: the lists of the one model, and the test ratings as 1 or 0. Ends the program
 * where there is more than one fold or model, or an id holds blanks. */
void print_run(FILE *file, const struct report *report);
void print_qrels(FILE *file, const struct report *report);

#endif
