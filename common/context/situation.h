/* Situations: what is known of the circumstances in which somebody asks. */
#ifndef RS_SITUATION_H
#define RS_SITUATION_H

#include "context/context.h"
#include "format/pairs.h"

/* The value of every dimension, RS_NO_VALUE where it is not known; and the moment, on which the age
 * of an item depends. */
struct rs_situation {
    uint8_t value[RS_MAX_DIMENSIONS];
    int64_t time; /* or RS_NO_TIME */
};

/* A situation of which nothing is known. */
struct rs_situation rs_situation_unknown(void);

/* Fills in what follows from WHEN (RS_NO_TIME: nothing) and from the user's line in the matrix
 * (RS_NONE: nothing) where the situation has no value yet, for dimensions that move anything. */
void rs_situation_fill(const struct rs_context_model *context, uint32_t user, int64_t when,
                       struct rs_situation *situation);

/* Sets a dimension by name. *known is false where the model has no such dimension or value: the
 * situation stays as it is and NOTE (size SIZE) gets a line that says so. */
void rs_situation_set(const struct rs_context_model *context, struct rs_id name, struct rs_id value,
                      struct rs_situation *situation, bool *known, char *note, size_t size);

/* Reads "hour=21,region=94"; "time=2026-11-24T21:00:00Z" sets the moment. For everything that is
 * not known NOTED is called with a line that says so (or NULL). False after filling *err if the
 * text is no list of NAME=VALUE, or a time is none. */
bool rs_situation_parse(const struct rs_context_model *context, const char *text,
                        struct rs_situation *situation, void (*noted)(void *, const char *),
                        void *of_noted, struct rs_error *err);

/* True if the situation has a value in a dimension that moves ratings, or ranks. */
bool rs_situation_predicts(const struct rs_context_model *context,
                           const struct rs_situation *situation);
bool rs_situation_ranks(const struct rs_context_model *context,
                        const struct rs_situation *situation);

/* True if dimension D has no value for all items, but one for each: how old it then is. */
static inline bool rs_situation_by_item(const struct rs_context_model *context, size_t d,
                                        const struct rs_situation *situation) {
    return context->dimensions[d].source == RS_CONTEXT_ITEM_AGE &&
           situation->value[d] == RS_NO_VALUE && situation->time != RS_NO_TIME &&
           context->item_appeared != NULL;
}

#endif
