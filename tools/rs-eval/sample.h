/* Ranks among a drawn sample of the candidates, as some evaluators and papers take them. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "evidence.h"

/* Puts in place of every rank that among the user's test items and N of their other candidates
 * (all, if there are no more), drawn without replacement: exactly how a drawn set would fall around
 * the test items. What is drawn hangs on the seed, the user and the fold alone. To be done once,
 * after evidence_arrange. False with an error where ranks are known of the first places only, or
 * contradict each other. */
bool evidence_sample(struct evidence *evidence, uint32_t n, uint64_t seed, struct rs_error *err);

#endif
