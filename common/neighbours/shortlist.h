/* The best candidates so far of every line, filled by many threads at once.
 *
 * A list takes candidates until it is half as long again as it needs to be, then keeps the best and
 * raises its threshold: what is below need not be offered. In the end the K best of all that was
 * offered remain, whoever offered them and in which order, because candidates are totally ordered
 * (topk.h). Threads gather what they offer and hand it over in batches, so that they seldom meet.
 */
#ifndef RS_SHORTLIST_H
#define RS_SHORTLIST_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { RS_SHORTLIST_LOCKS = 64, RS_SHORTLIST_BATCH = 64 };

struct rs_shortlist {
    uint64_t *keys; /* see topk.h */
    uint32_t n, capacity;
};

struct rs_shortlists {
    size_t n, k, limit;
    struct rs_shortlist *lists;
    float *threshold; /* the least that may still matter; infinite from n to the end of the array */
    pthread_mutex_t locks[RS_SHORTLIST_LOCKS];
};

/* N empty lists of the K best of at most N_CANDIDATES that are greater than MORE_THAN; N_THRESHOLDS
 * >= n. */
void rs_shortlists_make(struct rs_shortlists *shortlists, size_t n, size_t k, size_t n_candidates,
                        float more_than, size_t n_thresholds);

/* Sorts a list, best first, and cuts it to K. When all offers were handed over. */
void rs_shortlists_finish(struct rs_shortlists *shortlists, size_t list);

void rs_shortlists_free(struct rs_shortlists *shortlists);

/* The most that lists made with these arguments take. */
size_t rs_shortlists_bytes(size_t n, size_t k, size_t n_candidates);

/* A candidate on its way to a list. */
struct rs_offer {
    uint32_t list, index;
    float value;
};

/* What one thread has gathered. */
struct rs_offers {
    struct rs_shortlists *shortlists;
    uint32_t n[RS_SHORTLIST_LOCKS];
    struct rs_offer batch[RS_SHORTLIST_LOCKS][RS_SHORTLIST_BATCH];
};

/* Offers a candidate that is not below the list's threshold. A threshold only grows, so that one
 * read too early does no harm. */
void rs_offers_add(struct rs_offers *offers, size_t list, float value, uint32_t index);

/* Hands over what is left. */
void rs_offers_flush(struct rs_offers *offers);

#endif
