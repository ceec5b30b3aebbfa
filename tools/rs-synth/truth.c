#include "truth.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rows.h"

/* Copies rows of WIDTH floats, STRIDE apart, into the order of ids. */
static void write_by_id(struct rs_writer *writer, const char *name, const float *rows, size_t n,
                        size_t width, size_t stride, const uint32_t *of) {
    float *ordered = rs_malloc(n * width, sizeof *ordered);
    for (size_t r = 0; r < n; r++)
        memcpy(ordered + r * width, rows + of[r] * stride, width * sizeof *ordered);
    rs_writer_array(writer, name, (struct rs_array){RS_F32, n, width, ordered});
    free(ordered);
}

static void write_appeared(struct rs_writer *writer, const struct world *world) {
    int64_t *when = rs_malloc(world->n_items, sizeof *when);
    for (size_t i = 0; i < world->n_items; i++)
        when[i] = (world->plan.start + world->appeared[world->item_of[i]]) * 1000;
    rs_writer_array(writer, "item_appeared", (struct rs_array){RS_I64, world->n_items, 1, when});
    free(when);
}

static void write_contexts(struct rs_writer *writer, const struct world *world) {
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        const struct context *context = &world->plan.contexts[c];
        size_t values = context->n_values;
        char name[64];
        snprintf(name, sizeof name, "context%zu_effect", c);
        if (context->kind == MOVES_ITEMS) {
            write_by_id(writer, name, context->effect, world->n_items, values, values,
                        world->item_of);
            continue;
        }
        uint32_t order[MAX_VALUES];
        for (uint32_t v = 0; v < values; v++) order[v] = v;
        bool taste = context->kind == MOVES_TASTE;
        write_by_id(writer, name, context->effect, values, taste ? world->plan.n_factors : 1,
                    taste ? world->stride : 1, order);
    }
}

static json_t *describe(const struct world *world, json_t *header) {
    static const char *const kinds[] = {"taste", "item", "bias"};
    const struct shape *shape = &world->plan.shape;
    json_object_set_new(header, "intercept", json_real(world->intercept));
    json_object_set_new(header, "noise", json_real(shape->noise));
    json_object_set_new(
        header, "scale",
        json_pack("{s:f, s:f, s:f}", "min", shape->low, "max", shape->high, "step", shape->step));
    json_t *contexts = json_array();
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        const struct context *context = &world->plan.contexts[c];
        json_array_append_new(contexts,
                              json_pack("{s:s, s:s, s:f, s:I}", "name", context->name, "kind",
                                        kinds[context->kind], "strength", context->strength,
                                        "values", (json_int_t)context->n_values));
    }
    json_object_set_new(header, "contexts", contexts);
    return header;
}

void truth_write(const struct world *world, FILE *file, json_t *header) {
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "truth", describe(world, header));
    struct names users = names_make(world->n_users), items = names_make(world->n_items);
    rs_ids_write(&writer, "user", &users.ids);
    rs_ids_write(&writer, "item", &items.ids);
    names_free(&users);
    names_free(&items);
    write_by_id(&writer, "user_bias", world->user_bias, world->n_users, 1, 1, world->user_of);
    write_by_id(&writer, "item_bias", world->item_bias, world->n_items, 1, 1, world->item_of);
    write_by_id(&writer, "user_factors", world->user_factors, world->n_users, world->plan.n_factors,
                world->stride, world->user_of);
    write_by_id(&writer, "item_factors", world->item_factors, world->n_items, world->plan.n_factors,
                world->stride, world->item_of);
    write_appeared(&writer, world);
    write_contexts(&writer, world);
    rs_writer_end(&writer, json_pack("{s:I, s:I}", "users", (json_int_t)world->n_users, "items",
                                     (json_int_t)world->n_items));
}
