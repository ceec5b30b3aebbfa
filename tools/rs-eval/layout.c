#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void layout_add(struct layout *layout, char *text, bool marked) {
    rs_grow(&layout->cells, &layout->capacity, layout->n_cells + 1, sizeof *layout->cells);
    layout->cells[layout->n_cells++] = (struct layout_cell){text, marked};
}

void layout_free(struct layout *layout) {
    for (size_t c = 0; c < layout->n_cells; c++) free(layout->cells[c].text);
    free(layout->cells);
    *layout = (struct layout){0};
}

/* Characters on a screen: bytes that do not continue one of UTF-8. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void pad(FILE *file, size_t n) {
    for (; n > 0; n--) putc(' ', file);
}

/* A control character in a name would break the line. */
static void put_name(FILE *file, const char *text) {
    for (; *text != '\0'; text++) putc((unsigned char)*text < 0x20 ? '?' : *text, file);
}

/* Cells that stand right leave room for a mark, so that the figures of a column line up. */
void layout_text(const struct layout *layout, FILE *file) {
    size_t *widths = rs_calloc(layout->n_columns, sizeof *widths);
    for (size_t c = 0; c < layout->n_cells; c++) {
        size_t width = width_of(layout->cells[c].text), column = c % layout->n_columns;
        if (width > widths[column]) widths[column] = width;
    }
    for (size_t row = 0; row < layout->n_cells; row += layout->n_columns) {
        size_t last = 0, owed = 0; /* blanks are written when something follows them */
        for (size_t c = 0; c < layout->n_columns; c++)
            if (layout->cells[row + c].text[0] != '\0') last = c;
        for (size_t c = 0; c <= last; c++) {
            const struct layout_cell *cell = &layout->cells[row + c];
            size_t room = widths[c] - width_of(cell->text);
            bool left = c < layout->n_left;
            pad(file, owed + (left ? 0 : room));
            put_name(file, cell->text);
            if (cell->marked) putc('*', file);
            owed = 2 + (left ? room : !cell->marked);
        }
        putc('\n', file);
    }
    free(widths);
}

static void put_markdown(FILE *file, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '\\' || *text == '*' || *text == '_') putc('\\', file);
        putc((unsigned char)*text < 0x20 ? '?' : *text, file);
    }
}

void layout_markdown(const struct layout *layout, FILE *file) {
    for (size_t row = 0; row < layout->n_cells; row += layout->n_columns) {
        for (size_t c = 0; c < layout->n_columns; c++) {
            const struct layout_cell *cell = &layout->cells[row + c];
            fputs(cell->marked ? "| **" : "| ", file);
            put_markdown(file, cell->text);
            fputs(cell->marked ? "** " : " ", file);
        }
        fputs("|\n", file);
        for (size_t c = 0; row == 0 && c < layout->n_columns; c++)
            fputs(c < layout->n_left ? "|---" : "|---:", file);
        if (row == 0) fputs("|\n", file);
    }
}
