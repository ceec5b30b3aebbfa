/* Measures of lists of recommendations beyond accuracy. */
#ifndef LISTING_H
#define LISTING_H

#include "shelf.h"
#include "tally.h"

/* True if the request can be computed of these lists with what the shelf knows. */
bool listing_possible(const struct shelf *shelf, const struct answers *answers,
                      const struct request *request);

/* Adds what every list of the fold contributes to the measures of lists one by one. */
void listing_add(struct tally *tally, const struct evidence *evidence, const struct shelf *shelf,
                 const struct answers *answers, const struct requests *requests);

/* A measure of all lists of the fold together; n counts the lists. */
struct figure listing_exposure(const struct evidence *evidence, const struct answers *answers,
                               const struct request *request);

#endif
