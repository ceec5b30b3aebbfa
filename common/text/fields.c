#include "text/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/cutter.h"
#include "text/objects.h"
#include "text/quoted.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { LOOK = 32 };

struct rs_cutter *rs_cutter_new(const struct rs_form *form) {
    struct rs_cutter *cutter = rs_calloc(1, sizeof *cutter);
    bool pair = form->separator[1] != '\0', blanks = form->layout == RS_LAYOUT_BLANKS;
    cutter->form = form;
    memset(cutter->looked_for[0], form->separator[0], sizeof cutter->looked_for[0]);
    memset(cutter->looked_for[1],
           blanks ? '\t'
           : pair ? form->separator[1]
                  : form->separator[0],
           sizeof cutter->looked_for[1]);
    memset(cutter->looked_for[2], form->newline, sizeof cutter->looked_for[2]);
    cutter->may_quote = rs_quoted_possible(form);
    cutter->may_be_plain =
        form->layout != RS_LAYOUT_JSON && (!pair || form->separator[0] == form->separator[1]);
    rs_quoted_start(cutter);
    return cutter;
}

void rs_cutter_free(struct rs_cutter *cutter) {
    rs_quoted_stop(cutter);
    free(cutter->fields);
    free(cutter->arena);
    free(cutter);
}

void rs_cutter_start(struct rs_cutter *cutter, struct rs_block block) {
    cutter->block = block;
    cutter->at = 0;
    cutter->line = block.first_line;
    cutter->quote = NULL;
}

/* Plain records: masks of 32 bytes say where a separator or the newline is, and whether there is
 * anything that needs care: blanks to trim, control characters, bytes above 126. */

struct look {
    uint32_t cuts, ends, odd;
};

#ifdef __SSE2__
static inline uint32_t mask_of(__m128i low, __m128i high) {
    return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
}

static inline struct look look_at(const struct rs_cutter *cutter, const char *text) {
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(text + 16));
    __m128i found[3];
    for (int i = 0; i < 3; i++)
        found[i] = _mm_loadu_si128((const __m128i *)(const void *)cutter->looked_for[i]);
    struct look look;
    look.cuts =
        mask_of(_mm_or_si128(_mm_cmpeq_epi8(low, found[0]), _mm_cmpeq_epi8(low, found[1])),
                _mm_or_si128(_mm_cmpeq_epi8(high, found[0]), _mm_cmpeq_epi8(high, found[1])));
    look.ends = mask_of(_mm_cmpeq_epi8(low, found[2]), _mm_cmpeq_epi8(high, found[2]));
    __m128i blank = _mm_set1_epi8(' '); /* signed: bytes above 127 are below it */
    look.odd = ~mask_of(_mm_cmpgt_epi8(low, blank), _mm_cmpgt_epi8(high, blank)) & ~look.cuts;
    return look;
}
#else
static inline struct look look_at(const struct rs_cutter *cutter, const char *text) {
    struct look look = {0};
    for (int i = 0; i < LOOK; i++) {
        bool cut = text[i] == cutter->looked_for[0][0] || text[i] == cutter->looked_for[1][0];
        look.cuts |= (uint32_t)cut << i;
        look.ends |= (uint32_t)(text[i] == cutter->looked_for[2][0]) << i;
        look.odd |= (uint32_t)(!cut && (text[i] <= ' ' || (unsigned char)text[i] >= 0x80)) << i;
    }
    return look;
}
#endif

static inline struct rs_id *room_for_fields(struct rs_cutter *cutter, size_t n) {
    if (cutter->capacity < n)
        rs_grow(&cutter->fields, &cutter->capacity, n, sizeof *cutter->fields);
    return cutter->fields;
}

/* Turns the bytes of separators that are not one byte into the places where fields end; false where
 * that takes care: blanks side by side or at the ends, three colons. */
static inline bool settle_cuts(const struct rs_cutter *cutter, struct look *look, uint32_t line) {
    uint32_t cuts = look->cuts;
    if (cutter->form->layout == RS_LAYOUT_BLANKS)
        return (cuts & cuts << 1) == 0 && !(cuts & 1) && !(cuts & (line + 1) >> 1);
    look->cuts = cuts & cuts >> 1;
    return (look->cuts & look->cuts << 1) == 0;
}

/* Cuts the line at BEGIN, if it is plain and its newline lies before END. */
static bool cut_plain(struct rs_cutter *cutter, struct rs_record *record, const char *begin,
                      const char *end) {
    const char *field = begin, *base = begin;
    bool single = cutter->may_quote;
    size_t skip = single || cutter->form->layout == RS_LAYOUT_BLANKS ? 1 : 2, n = 0;
    struct look look;
    do {
        look = look_at(cutter, base);
        uint32_t line = look.ends == 0 ? UINT32_MAX : (look.ends & -look.ends) - 1;
        look.cuts &= line;
        look.odd &= line;
        if (look.odd != 0) { /* a '\r' before the newline is not */
            uint32_t last = (line + 1) >> 1;
            if (look.ends == 0 || look.odd != last || base[__builtin_ctz(last)] != '\r')
                return false;
            line = last - 1;
        }
        if (!single && (look.ends == 0 || !settle_cuts(cutter, &look, line))) return false;
        struct rs_id *fields = room_for_fields(cutter, n + LOOK + 1);
        for (; look.cuts != 0; look.cuts &= look.cuts - 1) {
            const char *cut = base + __builtin_ctz(look.cuts);
            fields[n++] = (struct rs_id){field, (size_t)(cut - field)};
            field = cut + skip;
        }
        if (look.ends == 0) {
            base += LOOK;
            continue;
        }
        const char *stop = base + __builtin_ctz(line + 1);
        const char *newline = base + __builtin_ctz(look.ends);
        if (newline >= end || stop == begin) return false;
        fields[n++] = (struct rs_id){field, (size_t)(stop - field)};
        record->raw.length = (size_t)(stop - begin);
        cutter->at = (size_t)(newline + 1 - cutter->block.text);
        cutter->n = n;
        return true;
    } while (base < end);
    return false;
}

/* Lines that take care */

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static void add_trimmed(struct rs_cutter *cutter, const char *begin, const char *end,
                        char separator) {
    while (begin < end && is_blank(*begin) && *begin != separator) begin++;
    while (begin < end && is_blank(end[-1]) && end[-1] != separator) end--;
    rs_cutter_add(cutter, begin, (size_t)(end - begin));
}

static void cut_at_string(struct rs_cutter *cutter, const char *begin, const char *end) {
    const char *separator = cutter->form->separator;
    size_t length = strlen(separator);
    const char *cut;
    while ((cut = memmem(begin, (size_t)(end - begin), separator, length)) != NULL) {
        add_trimmed(cutter, begin, cut, separator[0]);
        begin = cut + length;
    }
    add_trimmed(cutter, begin, end, separator[0]);
}

static void cut_at_blanks(struct rs_cutter *cutter, const char *begin, const char *end) {
    while (begin < end) {
        while (begin < end && is_blank(*begin)) begin++;
        const char *stop = begin;
        while (stop < end && !is_blank(*stop)) stop++;
        if (stop > begin) rs_cutter_add(cutter, begin, (size_t)(stop - begin));
        begin = stop;
    }
}

static const char *line_end(const struct rs_cutter *cutter, const char *begin, const char *end,
                            const char **next) {
    const char *newline = memchr(begin, cutter->form->newline, (size_t)(end - begin));
    *next = newline == NULL ? end : newline + 1;
    const char *stop = newline == NULL ? end : newline;
    if (cutter->form->newline == '\n' && stop > begin && stop[-1] == '\r') stop--;
    return stop;
}

static bool is_blank_line(const struct rs_cutter *cutter, const char *begin, const char *end) {
    const struct rs_form *form = cutter->form;
    char separator = form->layout == RS_LAYOUT_DELIMITED ? form->separator[0] : '\0';
    for (const char *c = begin; c < end; c++)
        if (!is_blank(*c) || *c == separator) return false;
    return true;
}

/* Cuts one line as if quotes were nothing special, but around a whole field; true if it then has
 * the fields it should. */
static bool cut_literally(struct rs_cutter *cutter, const char *begin, const char *stop) {
    cutter->n = 0;
    cut_at_string(cutter, begin, stop);
    for (size_t f = 0; f < cutter->n; f++) {
        struct rs_id *field = &cutter->fields[f];
        if (field->length < 2 || field->text[0] != '"' || field->text[field->length - 1] != '"')
            continue;
        field->text++;
        field->length -= 2;
    }
    return cutter->n == cutter->form->n_columns;
}

/* Cuts a record that begins at BEGIN and has a quote in its first line, from BEGIN to STOP. Returns
 * its end. Quotes that fit no rule, as in "Weird Al" Yankovic stand for themselves where the line
 * then has the fields it should, and so does one that never closes where tabs separate, since such
 * files mostly quote nothing. A quote that closes in another line is believed only if the record
 * has the fields it should: a stray one would take good lines with it. */
static const char *cut_quoted(struct rs_cutter *cutter, struct rs_record *record, const char *begin,
                              const char *end, const char *stop, const char *next) {
    struct rs_span span = rs_quoted_span(cutter->form, begin, end);
    bool one_line = !span.open && span.lines <= 1, tabs = cutter->form->separator[0] == '\t';
    cutter->line++;
    if (tabs && !one_line && cut_literally(cutter, begin, stop)) return next;
    const char *after = span.end == NULL ? next : span.end;
    size_t expected = cutter->form->n_columns;
    if (!span.open && rs_quoted_cut(cutter, begin, after) &&
        (expected == 0 || cutter->n == expected || (one_line && !span.odd))) {
        const char *last = after;
        while (last > begin && (last[-1] == '\n' || last[-1] == '\r')) last--;
        record->raw.length = (size_t)(last - begin);
        cutter->line += span.lines > 1 ? span.lines - 1 : 0;
        return after;
    }
    if (span.odd && cut_literally(cutter, begin, stop)) return next;
    record->fault = "has a quote that is not closed";
    cutter->n = 0;
    return next;
}

static const char *next_quote(struct rs_cutter *cutter, const char *begin, const char *end) {
    if (!cutter->may_quote) return end;
    if (cutter->quote == NULL || cutter->quote < begin) {
        cutter->quote = memchr(begin, '"', (size_t)(end - begin));
        if (cutter->quote == NULL) cutter->quote = end;
    }
    return cutter->quote;
}

/* Cuts what begins at BEGIN; false if that is a blank line. */
static bool cut_carefully(struct rs_cutter *cutter, struct rs_record *record, const char *begin,
                          const char *end) {
    const char *next, *stop = line_end(cutter, begin, end, &next);
    bool quoted = next_quote(cutter, begin, end) < stop;
    record->raw.length = (size_t)(stop - begin);
    cutter->n = 0;
    cutter->at = (size_t)(next - cutter->block.text);
    if (quoted) {
        next = cut_quoted(cutter, record, begin, end, stop, next);
        cutter->at = (size_t)(next - cutter->block.text);
    } else {
        cutter->line++;
        if (is_blank_line(cutter, begin, stop)) return false;
        if (cutter->form->layout == RS_LAYOUT_JSON) {
            record->fault = rs_object_cut(cutter, begin, stop);
        } else if (cutter->form->layout == RS_LAYOUT_BLANKS) {
            cut_at_blanks(cutter, begin, stop);
        } else {
            cut_at_string(cutter, begin, stop);
        }
    }
    if (record->fault == NULL && memchr(begin, '\0', record->raw.length) != NULL)
        record->fault = "holds a NUL byte";
    return true;
}

bool rs_cutter_next(struct rs_cutter *cutter, struct rs_record *record) {
    const char *end = cutter->block.text + cutter->block.length;
    while (cutter->at < cutter->block.length) {
        const char *begin = cutter->block.text + cutter->at;
        record->line = cutter->line;
        record->raw.text = begin;
        record->fault = NULL;
        record->plain = cutter->may_be_plain &&
                        cut_plain(cutter, record, begin, next_quote(cutter, begin, end));
        if (record->plain) {
            cutter->line++;
        } else if (!cut_carefully(cutter, record, begin, end)) {
            continue;
        }
        record->fields = cutter->fields;
        record->n = cutter->n;
        return true;
    }
    return false;
}

/* Whole records */

static uint64_t count_lines(const struct rs_form *form, const char *text, size_t length) {
    uint64_t lines = length > 0 && text[length - 1] != form->newline;
    for (size_t i = 0; i < length;) {
        size_t stop = length - i > 255 ? i + 255 : length;
        uint8_t found = 0; /* of the text's own width, so that 16 are counted at once */
        for (; i < stop; i++) found = (uint8_t)(found + (text[i] == form->newline));
        lines += found;
    }
    return lines;
}

/* The end of the last record that is whole. Lines without quotes are passed over at a leap. */
static const char *last_record_end(const struct rs_form *form, const char *text, const char *end) {
    const char *at = text, *quote;
    while ((quote = memchr(at, '"', (size_t)(end - at))) != NULL) {
        const char *line = memrchr(at, form->newline, (size_t)(quote - at));
        const char *record = line == NULL ? at : line + 1;
        struct rs_span span = rs_quoted_span(form, record, end);
        if (span.end == NULL) return record;
        at = span.end;
    }
    const char *newline = memrchr(at, form->newline, (size_t)(end - at));
    return newline == NULL ? at : newline + 1;
}

size_t rs_records_length(const struct rs_form *form, const char *text, size_t length, bool last,
                         uint64_t *lines) {
    size_t whole = length;
    if (!last) {
        const char *newline = memrchr(text, form->newline, length);
        whole = newline == NULL ? 0 : (size_t)(newline + 1 - text);
        if (rs_quoted_possible(form)) {
            size_t at = (size_t)(last_record_end(form, text, text + length) - text);
            /* A quote that closes nowhere: let the cutter reject its line. */
            if (length - at < RS_RECORD_MAX) whole = at;
        }
    }
    *lines = count_lines(form, text, whole);
    return whole;
}
