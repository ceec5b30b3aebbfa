#include "call.h"

#include <stdarg.h>
#include <stdio.h>

bool call_fail(struct call *call, unsigned status, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    reply_error(call->reply, call->request, status, "%s", text);
    return false;
}

uint32_t call_item(struct call *call, struct rs_id id) {
    uint32_t item = rs_ids_find(&call->snapshot->matrix->items.ids, id);
    if (item == RS_NONE)
        call_fail(call, MHD_HTTP_NOT_FOUND, "the model does not know the item '%.*s'",
                  (int)(id.length > 100 ? 100 : id.length), id.text);
    return item;
}

bool call_later(struct call *call) {
    call->reply->later = true;
    return false;
}
