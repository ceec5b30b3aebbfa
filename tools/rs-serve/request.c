#include "request.h"

#include <string.h>

#include "base/utf8.h"

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *request_decode(const char *raw, size_t n, char *out, struct rs_id *id) {
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        if (length == MAX_ID) return "is longer than 1024 bytes";
        char c = raw[i];
        if (c == '%') {
            int high = n - i > 2 ? digit(raw[i + 1]) : -1;
            int low = n - i > 2 ? digit(raw[i + 2]) : -1;
            if (high < 0 || low < 0) return "has a '%' without two hex digits";
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0') return "holds a NUL byte";
        out[length++] = c;
    }
    if (length == 0) return "is empty";
    if (!rs_utf8_valid(out, length)) return "is not UTF-8";
    *id = (struct rs_id){out, length};
    return NULL;
}

const char *request_argument(const struct request *request, const char *name) {
    for (size_t i = request->n_arguments; i > 0; i--)
        if (strcmp(request->arguments[i - 1].name, name) == 0)
            return request->arguments[i - 1].value == NULL ? "" : request->arguments[i - 1].value;
    return NULL;
}

bool request_number(const char *text, uint64_t max, uint64_t *number) {
    *number = 0;
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        *number = *number * 10 + (uint64_t)(*text - '0');
        if (*number > max) return false;
    }
    return true;
}

void request_take_id(struct request *request, const char *id) {
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = id == NULL ? 0 : strnlen(id, MAX_REQUEST_ID + 1);
    if (length == 0 || length > MAX_REQUEST_ID || strspn(id, allowed) != length) return;
    memcpy(request->id, id, length + 1);
}
