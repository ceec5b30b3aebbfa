#include "input.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

struct input input_parse(const char *operand) {
    struct stat status;
    const char *equals = strchr(operand, '=');
    if (equals == NULL || equals == operand || stat(operand, &status) == 0)
        return (struct input){.path = operand};
    struct input input = {.model = rs_strndup(operand, (size_t)(equals - operand)),
                          .path = equals + 1};
    char *colon = strrchr(input.model, ':');
    if (colon != NULL && colon != input.model && colon[1] != '\0') {
        input.fold = rs_strdup(colon + 1);
        *colon = '\0';
    }
    return input;
}

void input_free(struct input *input) {
    free(input->model);
    free(input->fold);
}

char *input_name(const char *path) {
    if (strcmp(path, "-") == 0) return rs_strdup("model");
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(base, '.');
    return rs_strndup(base, dot == NULL || dot == base ? strlen(base) : (size_t)(dot - base));
}
