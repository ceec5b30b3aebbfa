#include "receive.h"

#include <string.h>
#include <strings.h>

/* What is taken from a connection into a request, and its length so far. */
struct taking {
    struct request *request;
    size_t length;
};

static enum MHD_Result add_argument(void *data, enum MHD_ValueKind kind, const char *name,
                                    const char *value) {
    struct taking *taking = data;
    struct request *request = taking->request;
    (void)kind;
    taking->length += strlen(name) + (value == NULL ? 0 : strlen(value)) + 2;
    if (request->n_arguments == MAX_ARGUMENTS) {
        request->too_long = true;
        return MHD_NO;
    }
    request->arguments[request->n_arguments++] = (struct argument){name, value};
    return MHD_YES;
}

static enum MHD_Result add_header(void *data, enum MHD_ValueKind kind, const char *name,
                                  const char *value) {
    struct taking *taking = data;
    struct request *request = taking->request;
    (void)kind;
    taking->length += strlen(name) + strlen(": \r\n");
    if (value == NULL) return MHD_YES;
    taking->length += strlen(value);
    switch (name[0] | 0x20) {
    case 'x':
        if (strcasecmp(name, "X-API-Key") == 0) request->key = value;
        if (strcasecmp(name, "X-Request-ID") == 0) request_take_id(request, value);
        break;
    case 'i':
        if (strcasecmp(name, "If-None-Match") == 0) request->if_none_match = value;
        break;
    case 'c':
        if (strcasecmp(name, "Content-Type") == 0) request->content_type = value;
        break;
    case 'h':
        if (strcasecmp(name, "Host") == 0) request->host = value;
        break;
    default:
        break;
    }
    return MHD_YES;
}

enum method receive_method(const char *name) {
    if (strcmp(name, "GET") == 0 || strcmp(name, "HEAD") == 0) return METHOD_GET;
    if (strcmp(name, "POST") == 0) return METHOD_POST;
    if (strcmp(name, "PUT") == 0) return METHOD_PUT;
    return strcmp(name, "DELETE") == 0 ? METHOD_DELETE : METHOD_OTHER;
}

void receive_request(struct request *request, struct MHD_Connection *connection, const char *path,
                     const char *method, const char *version) {
    request->method = receive_method(method);
    request->path = path;
    request->n_arguments = 0;
    request->too_long = false;
    request->key = request->if_none_match = request->content_type = request->host = NULL;
    request->body = NULL;
    request->body_length = 0;
    request->id[0] = '\0';
    struct taking arguments = {request, strlen(path)}, headers = {request, 0};
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, &arguments);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, &headers);
    if (arguments.length > MAX_PATH) request->too_long = true;
    request->too_much = headers.length > MAX_HEADERS;
    request->lacks_host = request->host == NULL && strcmp(version, MHD_HTTP_VERSION_1_1) == 0;
}

struct connection *receive_from(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}
