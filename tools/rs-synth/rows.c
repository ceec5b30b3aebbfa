#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "base/progress.h"
#include "base/random.h"
#include "format/pairs.h"
#include "streams.h"

enum { TEXT_MAX = 24, BLOCK_ROWS = 65536 };

/* A number as text. */
struct text {
    char bytes[TEXT_MAX - 1];
    uint8_t length;
};

struct press_private {
    struct text *levels;
    uint32_t *user_count, *item_count;
    struct rs_pairs_writer *writer;
    struct names users, items, contexts[MAX_CONTEXTS];
    struct rows all;        /* when they have to be sorted */
    const uint32_t *sorted; /* row numbers in the order wanted */
    uint64_t expected;      /* rows, for progress; 0: unknown */
};

void rows_room(struct rows *rows, size_t n) {
    size_t need = rows->n + n;
    if (need <= rows->capacity) return;
    size_t capacity = rows->capacity < 1024 ? 1024 : rows->capacity + rows->capacity / 2;
    if (capacity < need) capacity = need;
    rows->user = rs_realloc(rows->user, capacity, sizeof *rows->user);
    rows->item = rs_realloc(rows->item, capacity, sizeof *rows->item);
    rows->value = rs_realloc(rows->value, capacity, sizeof *rows->value);
    rows->time = rs_realloc(rows->time, capacity, sizeof *rows->time);
    for (size_t c = 0; c < rows->n_contexts; c++)
        rows->context[c] = rs_realloc(rows->context[c], capacity, 1);
    rows->capacity = capacity;
}

void rows_free(struct rows *rows) {
    free(rows->user);
    free(rows->item);
    free(rows->value);
    free(rows->time);
    for (size_t c = 0; c < rows->n_contexts; c++) free(rows->context[c]);
    *rows = (struct rows){0};
}

static void copy_row(struct rows *to, size_t t, const struct rows *from, size_t f) {
    to->user[t] = from->user[f];
    to->item[t] = from->item[f];
    to->value[t] = from->value[f];
    to->time[t] = from->time[f];
    for (size_t c = 0; c < to->n_contexts; c++) to->context[c][t] = from->context[c][f];
}

struct moment {
    int64_t time;
    size_t row;
};

static int compare_moments(const void *a, const void *b) {
    const struct moment *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

void rows_sort(struct rows *rows, size_t from) {
    size_t n = rows->n - from;
    struct moment *moments = rs_malloc(n, sizeof *moments);
    struct rows sorted = {.n_contexts = rows->n_contexts};
    for (size_t k = 0; k < n; k++) moments[k] = (struct moment){rows->time[from + k], from + k};
    qsort(moments, n, sizeof *moments, compare_moments);
    rows_room(&sorted, n);
    for (size_t k = 0; k < n; k++) copy_row(&sorted, k, rows, moments[k].row);
    for (size_t k = 0; k < n; k++) copy_row(rows, from + k, &sorted, k);
    rows_free(&sorted);
    free(moments);
}

/* Text */

static char *put_number(char *out, uint64_t number) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    char digits[20];
    size_t at = sizeof digits;
    while (number >= 100) {
        memcpy(digits + (at -= 2), pairs + number % 100 * 2, 2);
        number /= 100;
    }
    if (number >= 10) {
        memcpy(digits + (at -= 2), pairs + number * 2, 2);
    } else {
        digits[--at] = (char)('0' + number);
    }
    memcpy(out, digits + at, sizeof digits - at);
    return out + sizeof digits - at;
}

/* A time that is not known is left empty. */
static char *put_time(char *out, int64_t time) {
    if (time == RS_NO_TIME) return out;
    if (time < 0) *out++ = '-';
    return put_number(out, time < 0 ? -(uint64_t)time : (uint64_t)time);
}

struct page {
    char *text;
    size_t length, capacity;
};

static void format_rows(const struct press *press, const struct rows *rows, struct page *page) {
    size_t longest = 10 + 10 + TEXT_MAX + 20 + 4 + press->n_contexts * 4;
    page->length = 0;
    rs_grow(&page->text, &page->capacity, rows->n * longest, 1);
    char *out = page->text;
    for (size_t r = 0; r < rows->n; r++) {
        out = put_number(out, rows->user[r]);
        *out++ = ',';
        out = put_number(out, rows->item[r]);
        *out++ = ',';
        if (press->levels == NULL) {
            out = put_number(out, rows->value[r]);
        } else {
            const struct text *level = &press->private->levels[rows->value[r]];
            memcpy(out, level->bytes, sizeof level->bytes);
            out += level->length;
        }
        if (press->has_time) {
            *out++ = ',';
            out = put_time(out, rows->time[r]);
        }
        for (size_t c = 0; c < press->n_contexts; c++) {
            *out++ = ',';
            out = put_number(out, rows->context[c][r] + 1u);
        }
        *out++ = '\n';
    }
    page->length = (size_t)(out - page->text);
}

static void make_levels(struct press *press) {
    press->private->levels = rs_calloc(press->n_levels, sizeof(struct text));
    for (size_t l = 0; l < press->n_levels; l++) {
        char bytes[32];
        double value = (double)press->levels[l];
        size_t length = press->decimals < 0
                            ? rs_number_print_float(bytes, press->levels[l])
                            : (size_t)snprintf(bytes, sizeof bytes, "%.*f", press->decimals, value);
        struct text *text = &press->private->levels[l];
        text->length = (uint8_t)(length < sizeof text->bytes ? length : sizeof text->bytes);
        memcpy(text->bytes, bytes, text->length);
    }
}

/* The rs format */

struct names names_make(size_t n) {
    struct names names = {.offset = rs_malloc(n + 1, sizeof *names.offset),
                          .bytes = rs_malloc(n * 10 + 1, 1)};
    char *out = names.bytes;
    for (size_t i = 0; i < n; i++) {
        names.offset[i] = (uint64_t)(out - names.bytes);
        out = put_number(out, i + 1);
    }
    names.offset[n] = (uint64_t)(out - names.bytes);
    names.ids = (struct rs_ids){n, names.offset, names.bytes};
    return names;
}

void names_free(struct names *names) {
    free(names->offset);
    free(names->bytes);
}

static void begin_pairs(struct press *press) {
    struct press_private *private = press->private;
    private->users = names_make(press->n_users);
    private->items = names_make(press->n_items);
    struct rs_pairs_form form = {.kind = "ratings",
                                 .columns = RS_RATING | (press->has_time ? RS_TIME : 0u),
                                 .users = &private->users.ids,
                                 .items = &private->items.ids,
                                 .n_contexts = press->n_contexts};
    for (size_t c = 0; c < press->n_contexts; c++) {
        private->contexts[c] = names_make(press->context_values[c]);
        form.context_names[c] = press->context_names[c];
        form.context_values[c] = &private->contexts[c].ids;
    }
    json_object_set_new(press->header, "feedback",
                        json_string(press->implicit ? "implicit" : "explicit"));
    private->writer = rs_pairs_write(press->file, &form, press->header);
    press->header = NULL;
}

static void write_pairs(struct press *press, const struct rows *rows) {
    for (size_t r = 0; r < rows->n; r++) {
        struct rs_pairs *batch = rs_pairs_room(press->private->writer);
        size_t n = batch->n++;
        batch->user[n] = rows->user[r] - 1;
        batch->item[n] = rows->item[r] - 1;
        batch->rating[n] =
            press->levels == NULL ? (float)rows->value[r] : press->levels[rows->value[r]];
        if (press->has_time)
            batch->time[n] = rows->time[r] == RS_NO_TIME ? RS_NO_TIME : rows->time[r] * 1000;
        for (size_t c = 0; c < press->n_contexts; c++) batch->context[c][n] = rows->context[c][r];
    }
}

/* Order */

/* Sorts row numbers by KEY, equal ones in their order: 11 bits a pass, from the lowest. */
static void sort_rows(uint32_t *row, const uint64_t *key, size_t n) {
    enum { BITS = 11, BUCKETS = 1 << BITS };
    uint64_t any = 0;
    for (size_t r = 0; r < n; r++) any |= key[r];
    uint32_t *from = row, *to = rs_malloc(n, sizeof *to), *spare = to;
    size_t *count = rs_malloc(BUCKETS, sizeof *count);
    for (unsigned shift = 0; shift < 64 && any >> shift != 0; shift += BITS) {
        memset(count, 0, BUCKETS * sizeof *count);
        for (size_t r = 0; r < n; r++) count[key[r] >> shift & (BUCKETS - 1)]++;
        size_t sum = 0;
        for (size_t b = 0; b < BUCKETS; b++) {
            size_t here = count[b];
            count[b] = sum;
            sum += here;
        }
        for (size_t r = 0; r < n; r++) to[count[key[from[r]] >> shift & (BUCKETS - 1)]++] = from[r];
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != row) memcpy(row, from, n * sizeof *row);
    free(spare);
    free(count);
}

static uint32_t *order_rows(const struct press *press) {
    const struct rows *all = &press->private->all;
    uint32_t *row = rs_malloc(all->n, sizeof *row);
    uint64_t *key = rs_malloc(all->n, sizeof *key);
    /* Unknown times come first. */
    int64_t first = INT64_MAX;
    for (size_t r = 0; r < all->n; r++)
        if (all->time[r] != RS_NO_TIME && all->time[r] < first) first = all->time[r];
    struct rs_random random = rs_random_stream(press->seed, STREAM_ORDER, 0, 0);
    for (size_t r = 0; r < all->n; r++) {
        row[r] = (uint32_t)r;
        uint64_t after = all->time[r] == RS_NO_TIME ? 0 : (uint64_t)(all->time[r] - first) + 1;
        key[r] = press->order == ORDER_TIME ? after : rs_random_u64(&random) >> 20;
    }
    sort_rows(row, key, all->n);
    free(key);
    return row;
}

static void fill_sorted(void *source, size_t block, struct rows *rows) {
    const struct press_private *private = source;
    size_t from = block * BLOCK_ROWS;
    size_t n = private->all.n - from < BLOCK_ROWS ? private->all.n - from : BLOCK_ROWS;
    rows_room(rows, n);
    for (size_t r = 0; r < n; r++) copy_row(rows, r, &private->all, private->sorted[from + r]);
    rows->n = n;
}

/* Printing */

static void count_rows(struct press *press, const struct rows *rows) {
    for (size_t r = 0; r < rows->n; r++) {
        press->private->user_count[rows->user[r] - 1]++;
        press->private->item_count[rows->item[r] - 1]++;
    }
    press->n_rows += rows->n;
}

static void gather(struct press *press, const struct rows *rows) {
    struct rows *all = &press->private->all;
    if (all->n + rows->n > UINT32_MAX)
        rs_die(EX_USAGE, "more than %u ratings can't be sorted: take --order user", UINT32_MAX);
    rows_room(all, rows->n);
    memcpy(all->user + all->n, rows->user, rows->n * sizeof *all->user);
    memcpy(all->item + all->n, rows->item, rows->n * sizeof *all->item);
    memcpy(all->value + all->n, rows->value, rows->n * sizeof *all->value);
    memcpy(all->time + all->n, rows->time, rows->n * sizeof *all->time);
    for (size_t c = 0; c < all->n_contexts; c++)
        memcpy(all->context[c] + all->n, rows->context[c], rows->n);
    all->n += rows->n;
}

/* Fills blocks in parallel and hands them on one after another: to be sorted if GATHERED, else to
 * the output. */
static void run_blocks(struct press *press, size_t n_blocks, rows_fill *fill, void *source,
                       bool gathered) {
    bool text = !gathered && press->format == FORMAT_CSV;
#pragma omp parallel
    {
        struct rows rows = {.n_contexts = press->n_contexts};
        struct page page = {0};
#pragma omp for ordered schedule(dynamic, 1)
        for (size_t b = 0; b < n_blocks; b++) {
            rows.n = 0;
            fill(source, b, &rows);
            if (text) format_rows(press, &rows, &page);
#pragma omp ordered
            {
                if (gathered) {
                    gather(press, &rows);
                } else {
                    count_rows(press, &rows);
                    if (text) {
                        fwrite(page.text, 1, page.length, press->file);
                    } else {
                        write_pairs(press, &rows);
                    }
                }
            }
        }
        rows_free(&rows);
        free(page.text);
    }
}

static void print_header(const struct press *press) {
    fputs(press->implicit ? "user,item,count" : "user,item,rating", press->file);
    if (press->has_time) fputs(",timestamp", press->file);
    for (size_t c = 0; c < press->n_contexts; c++)
        fprintf(press->file, ",%s", press->context_names[c]);
    fputc('\n', press->file);
}

static void begin(struct press *press) {
    press->private = rs_calloc(1, sizeof *press->private);
    press->private->user_count = rs_calloc(press->n_users, sizeof(uint32_t));
    press->private->item_count = rs_calloc(press->n_items, sizeof(uint32_t));
    press->private->all.n_contexts = press->n_contexts;
    make_levels(press);
    if (press->format == FORMAT_RS) {
        begin_pairs(press);
    } else {
        json_decref(press->header);
        print_header(press);
    }
}

static double sum_of_squares(const uint32_t *count, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)count[i] * count[i];
    return sum;
}

static void end(struct press *press) {
    struct press_private *private = press->private;
    press->users_squared = sum_of_squares(private->user_count, press->n_users);
    press->items_squared = sum_of_squares(private->item_count, press->n_items);
    if (private->writer != NULL) rs_pairs_finish(private->writer, NULL);
    names_free(&private->users);
    names_free(&private->items);
    for (size_t c = 0; c < press->n_contexts; c++) names_free(&private->contexts[c]);
    free(private->levels);
    free(private->user_count);
    free(private->item_count);
    rows_free(&private->all);
    free(private);
    press->private = NULL;
}

void press_run(struct press *press, size_t n_blocks, rows_fill *fill, void *source) {
    begin(press);
    bool sorted = press->order != ORDER_USER;
    run_blocks(press, n_blocks, fill, source, sorted);
    if (sorted) {
        uint32_t *order = order_rows(press);
        press->private->sorted = order;
        size_t n = (press->private->all.n + BLOCK_ROWS - 1) / BLOCK_ROWS;
        run_blocks(press, n, fill_sorted, press->private, false);
        free(order);
    }
    end(press);
}
