/* The best candidates so far of every line, filled by many threads at once.
 *
 * A list takes candidates until it is half as long again as it needs to be, then keeps the best and
 * raises its threshold: what is below need not be offered. In the end the K best of all that was
 * offered remain, whoever offered them and in which order, because candidates are totally ordered
 * (topk.h). */
#ifndef RS_SHORTLIST_H
#define RS_SHORTLIST_H

#include <stddef.h>
#include <stdint.h>

struct rs_shortlist {
    uint64_t *keys; /* see topk.h */
    uint32_t n, capacity;
    unsigned char lock;
};

struct rs_shortlists {
    size_t n, k, limit;
    struct rs_shortlist *lists;
    float *threshold; /* the least that may still matter; infinite from n to the end of the array */
};

/* N empty lists of the K best of at most N_CANDIDATES that are greater than MORE_THAN; N_THRESHOLDS
 * >= n. */
void rs_shortlists_make(struct rs_shortlists *shortlists, size_t n, size_t k, size_t n_candidates,
                        float more_than, size_t n_thresholds);

/* Offers a candidate that is not below the list's threshold. Thread-safe. A threshold only grows,
 * so that one read too early does no harm. */
void rs_shortlists_offer(struct rs_shortlists *shortlists, size_t list, float value,
                         uint32_t index);

/* Sorts a list, best first, and cuts it to K. For one thread, when all is offered. */
void rs_shortlists_finish(struct rs_shortlists *shortlists, size_t list);

void rs_shortlists_free(struct rs_shortlists *shortlists);

/* The most that lists made with these arguments take. */
size_t rs_shortlists_bytes(size_t n, size_t k, size_t n_candidates);

#endif
