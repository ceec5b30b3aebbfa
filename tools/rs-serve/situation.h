/* In which situation a request is answered: what ?at= and ?context= say, the model's context
 * (common/context/context.h) makes of it, and what the answer says of that. */
#ifndef SERVE_SITUATION_H
#define SERVE_SITUATION_H

#include "call.h"

/* Reads at (a time; now, to the minute, where it is missing) and context (NAME:VALUE, separated by
 * commas; may be given again) into call->situation, and takes from it everything that moves no
 * ranks, or no ratings where PREDICTS: what is left is what the answer depends on. What the model
 * does not know, or what the request names and moves nothing, becomes a note. False after a 400. */
bool situation_read(struct call *call, bool predicts);

/* Writes it as bytes that differ where answers do. Returns their number. */
size_t situation_key(const struct call *call, char *key);

void situation_note(struct call *call, const char *note);

/* "Situation":{…},"Notes":[…] */
void situation_print(struct call *call);

#endif
