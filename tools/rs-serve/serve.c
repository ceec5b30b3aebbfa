/* The server about itself: health, metrics, its page and its description. */
#include <string.h>

#include "call.h"
#include "page.h"

bool serve_live(struct call *call) {
    body_text(&call->body, "{\"Live\":true}\n");
    return true;
}

bool serve_ready(struct call *call) {
    if (call->server->stopping)
        return call_fail(call, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
    body_format(&call->body, "{\"Ready\":true,\"Model\":\"%s\"}\n", call->snapshot->folder->digest);
    return true;
}

bool serve_metrics(struct call *call) {
    metrics_print(call->server, &call->body);
    call->type = "text/plain; version=0.0.4; charset=utf-8";
    return true;
}

static bool serve_file(struct call *call, struct page_file file, const char *type) {
    body_bytes(&call->body, file.bytes, file.n);
    call->type = type;
    return true;
}

bool serve_openapi(struct call *call) {
    return serve_file(call, page_openapi(), "application/json");
}

bool serve_page(struct call *call) {
    return serve_file(call, page_html(), "text/html; charset=utf-8");
}

bool serve_script(struct call *call) {
    return serve_file(call, page_script(), "text/javascript; charset=utf-8");
}

bool serve_style(struct call *call) {
    return serve_file(call, page_style(), "text/css; charset=utf-8");
}
