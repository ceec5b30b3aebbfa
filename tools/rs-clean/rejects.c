#include "rejects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "program/options.h"

/* The automatic limit: a hundredth, but ten in any case unless they are half of all. EARLY: so many
 * records without a good one are enough to know. */
enum { TOLERATED = 10, EARLY = 1000 };
#define AUTOMATIC_SHARE 0.01

static const char *const advice[N_REASONS] = {
    [REASON_FIELDS] = "is --delimiter or --header wrong?",
    [REASON_SYNTAX] = "is it text, and --delimiter right?",
    [REASON_NUMBER] = "name the columns with --columns user,item,rating, or give --delimiter",
    [REASON_SCALE] = "see --scale",
    [REASON_COUNT] = "see --feedback and --missing",
    [REASON_TIME] = "leave the column out with --columns user,item,rating",
    [REASON_ENCODING] = "see --encoding",
    [REASON_USER] = "name the columns with --columns user,item,rating",
    [REASON_ITEM] = "name the columns with --columns user,item,rating",
    [REASON_REPEATED] = "name the column of the ids",
};

static void parse_limit(struct rejects *rejects, const char *limit) {
    size_t length = strlen(limit);
    rejects->limit = limit;
    rejects->is_automatic = strcmp(limit, "auto") == 0;
    rejects->is_share = rejects->is_automatic || (length > 0 && limit[length - 1] == '%');
    if (rejects->is_automatic) {
        rejects->most = AUTOMATIC_SHARE;
        return;
    }
    bool ok = rs_number_parse(limit, length - rejects->is_share, &rejects->most) &&
              rejects->most >= 0 && (!rejects->is_share || rejects->most <= 100);
    if (!ok)
        rs_usage_error("--max-rejects: '%s' is neither a count nor a share such as 1%%", limit);
    if (rejects->is_share) rejects->most /= 100;
}

void rejects_open(struct rejects *rejects, const char *path, const char *limit) {
    *rejects = (struct rejects){.writes = path != NULL};
    parse_limit(rejects, limit);
    if (path != NULL) rejects->file = rs_output_open(path, false);
}

void rejects_begin(struct rejects *rejects, const char *place) {
    rejects->place = place;
    rejects->n_records = rejects->n_faults = 0;
    free(rejects->first_fault.text);
    rejects->first_fault = (struct reject){0};
}

/* The record on one line: ends of lines inside quotes are shown escaped. */
static void write_record(FILE *file, struct rs_id raw) {
    for (size_t i = 0; i < raw.length; i++) {
        switch (raw.text[i]) {
        case '\n':
            fputs("\\n", file);
            break;
        case '\r':
            fputs("\\r", file);
            break;
        case '\0':
            fputs("\\0", file);
            break;
        default:
            putc(raw.text[i], file);
        }
    }
    putc('\n', file);
}

static void take(struct rejects *rejects, const struct reject *reject) {
    if (rejects->writes) {
        fprintf(rejects->file.file, "%s:%llu\t%s\t", rejects->place,
                (unsigned long long)reject->line, reject->text);
        write_record(rejects->file.file, reject->raw);
    }
    if (rejects->count[reject->reason]++ == 0)
        rejects->first[reject->reason] = rs_format("%s:%llu: %s", rejects->place,
                                                   (unsigned long long)reject->line, reject->text);
    if (reject->reason == REASON_MISSING) return;
    if (rejects->n_faults++ > 0) return;
    rejects->first_fault = *reject;
    rejects->first_fault.text = rs_strdup(reject->text);
}

static bool too_many(const struct rejects *rejects) {
    double faults = (double)rejects->n_faults, records = (double)rejects->n_records;
    if (rejects->n_faults == 0) return false;
    if (!rejects->is_share) return faults > rejects->most;
    if (rejects->is_automatic && faults <= TOLERATED && 2 * faults < records) return false;
    return faults > rejects->most * records;
}

static bool fail(const struct rejects *rejects, struct rs_error *err) {
    const struct reject *first = &rejects->first_fault;
    unsigned long long line = (unsigned long long)first->line;
    if (rejects->n_faults >= rejects->n_records)
        return rs_fail(err, EX_DATAERR,
                       "%s:%llu: %s; none of the records so far (%llu) is usable: %s",
                       rejects->place, line, first->text, (unsigned long long)rejects->n_records,
                       advice[first->reason]);
    return rs_fail(err, EX_DATAERR,
                   "%s: %llu of %llu records are rejected, more than --max-rejects=%s allows; the "
                   "first at line %llu: %s",
                   rejects->place, (unsigned long long)rejects->n_faults,
                   (unsigned long long)rejects->n_records, rejects->limit, line, first->text);
}

bool rejects_take(struct rejects *rejects, const struct reject *list, size_t n, uint64_t n_records,
                  struct rs_error *err) {
    for (size_t i = 0; i < n; i++) take(rejects, &list[i]);
    rejects->n_records += n_records;
    bool decided = !rejects->is_share ||
                   (rejects->n_faults >= EARLY && rejects->n_faults >= rejects->n_records);
    return !decided || !too_many(rejects) || fail(rejects, err);
}

bool rejects_end(struct rejects *rejects, struct rs_error *err) {
    return !too_many(rejects) || fail(rejects, err);
}

void rejects_commit(struct rejects *rejects) {
    if (rejects->writes) rs_output_commit(&rejects->file);
    rejects->writes = false;
}

void rejects_tell(const struct rejects *rejects) {
    for (int reason = 0; reason < N_REASONS; reason++) {
        if (rejects->count[reason] == 0 || reason == REASON_MISSING) continue;
        rs_warn("%llu record%s rejected, %s; the first at %s",
                (unsigned long long)rejects->count[reason], rejects->count[reason] == 1 ? "" : "s",
                reason_names[reason], rejects->first[reason]);
    }
}

void rejects_free(struct rejects *rejects) {
    free(rejects->first_fault.text);
    for (int reason = 0; reason < N_REASONS; reason++) free(rejects->first[reason]);
}
