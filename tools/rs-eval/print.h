/* The results for people and for programs. */
#ifndef PRINT_H
#define PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "results.h"

/* Everything there is to tell. */
struct report {
    const struct evidence *evidence;
    const struct requests *requests;
    const struct rules *rules;
    const struct results *results;
    json_t *header; /* program and parameters */
};

/* An aligned table, or one in Markdown, of the figures over all folds. */
void print_text(FILE *file, const struct report *report);
void print_markdown(FILE *file, const struct report *report);

/* model,fold,segment,metric,value,n */
void print_csv(FILE *file, const struct report *report);

/* One object: program, parameters, protocol, formulas, figures. */
void print_json(FILE *file, const struct report *report);

/* An rs file of kind "metrics": the columns of the CSV. */
void print_rs(FILE *file, const struct report *report);

/* How was judged: what is relevant, who is a candidate, the scale …, as an object and as lines. */
json_t *report_protocol(const struct report *report);

#endif
