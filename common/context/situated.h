/* A model in a situation. */
#ifndef RS_SITUATED_H
#define RS_SITUATED_H

#include "context/situation.h"
#include "model/model.h"

/* A model that answers as BASE does, moved by the situation; what of it is not given follows from
 * the user, and the time of a query from that. BASE, CONTEXT and what they hold must outlive it. */
struct rs_model *rs_context_wrap(const struct rs_model *base,
                                 const struct rs_context_model *context,
                                 const struct rs_situation *situation);

#endif
