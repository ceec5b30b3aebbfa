/* The best of many values in an array, in little more than one pass.
 *
 *     struct rs_selection *selection = rs_selection_new(n);
 *     float *values = rs_selection_values(selection);
 *     … fill values[0] to values[n - 1] …
 *     size_t found = rs_selection_find(selection, values, k, 0, &keys);
 *
 * A selection is the workspace of one thread, for arrays of one length. Some eight bytes a value.
 */
#ifndef RS_SELECTION_H
#define RS_SELECTION_H

#include <stddef.h>
#include <stdint.h>

struct rs_selection;

/* For arrays of N values. */
struct rs_selection *rs_selection_new(size_t n);
void rs_selection_free(struct rs_selection *selection);

/* An array for N values, all 0, with what rs_selection_find needs behind them: that must stay as it
 * is. The caller frees it with free(). */
float *rs_selection_values(const struct rs_selection *selection);

/* Finds the K greatest of the finite values above FLOOR, equal ones by ascending index. *KEYS,
 * which is the selection's until the next call, gets their keys (topk.h), the best first. Returns
 * their number, less than K where there are no more. */
size_t rs_selection_find(struct rs_selection *selection, const float *values, size_t k, float floor,
                         const uint64_t **keys);

#endif
