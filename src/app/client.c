// SPDX-License-Identifier: Apache-2.0
#include "app/client.h"

#include "base/mem.h"
#include "sys/sys.h"

#include <llhttp.h>
#include <stdio.h>
#include <string.h>

enum { READ_BYTES = 16 * 1024, HEAD_BYTES_MAX = 8 * 1024, HTTP_PORT = 80 };

/* ---- URLs ---- */

static enum err refuse(char why[CLIENT_WHY_MAX], const char *what)
{
    snprintf(why, CLIENT_WHY_MAX, "%s", what);
    return ERR_PROTO;
}

/* "host", "host:81", "[::1]:81". */
static bool read_authority(struct str text, struct client_url *url)
{
    struct str host, port;
    if (text.len > 0 && text.at[0] == '[') {
        host = str_cut((struct str){.at = text.at + 1, .len = text.len - 1}, ']', &port);
        if (port.len > 0 && port.at[0] != ':') {
            return false;
        }
        port = port.len > 0 ? (struct str){.at = port.at + 1, .len = port.len - 1} : port;
    } else {
        host = str_cut(text, ':', &port);
    }
    uint64_t number = HTTP_PORT;
    if (host.len == 0 || host.len >= sizeof(url->host) ||
        (port.len > 0 && !str_to_u64(port, UINT16_MAX, &number))) {
        return false;
    }
    memcpy(url->host, host.at, host.len);
    url->host[host.len] = '\0';
    url->port = (uint16_t)number;
    return true;
}

enum err client_url_read(struct str text, struct client_url *ret_url, char why[CLIENT_WHY_MAX])
{
    struct client_url url = {.port = 0};
    if (str_has_prefix(text, STR("https://"))) {
        return refuse(why, "https is not spoken here; use http:// to a proxy that does TLS");
    }
    if (!str_has_prefix(text, STR("http://"))) {
        return refuse(why, "a URL begins with http://");
    }
    const struct str rest = {.at = text.at + 7, .len = text.len - 7};
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.at[i] <= ' ' || rest.at[i] == 0x7f) {
            return refuse(why, "a URL has no blanks");
        }
    }
    struct str path;
    if (!read_authority(str_cut(rest, '/', &path), &url)) {
        return refuse(why, "a URL is http://host:port/path");
    }
    while (path.len > 0 && path.at[path.len - 1] == '/') {
        path.len--;
    }
    if (path.len + 2 > sizeof(url.path)) {
        return refuse(why, "the URL is too long");
    }
    if (path.len > 0) {
        snprintf(url.path, sizeof(url.path), "/%.*s", STR_ARG(path));
    }
    *ret_url = url;
    return ERR_OK;
}

/* ---- asking ---- */

struct asking {
    llhttp_t parser;
    const struct client_ops *ops;
    void *user;
    bool had_enough;
    bool is_whole;
};

static int on_headers_complete(llhttp_t *parser)
{
    struct asking *asking = parser->data;
    asking->had_enough = !asking->ops->status(asking->user, parser->status_code);
    return asking->had_enough ? HPE_PAUSED : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct asking *asking = parser->data;
    asking->had_enough = !asking->ops->body(asking->user, (struct str){.at = at, .len = len});
    return asking->had_enough ? HPE_PAUSED : 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct asking *asking = parser->data;
    asking->is_whole = true;
    return HPE_PAUSED; // what follows is none of ours
}

static enum err write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        size_t sent = 0;
        TRY(sys_socket_write(fd, bytes.at, bytes.len, &sent));
        bytes.at += sent;
        bytes.len -= sent;
    }
    return ERR_OK;
}

static enum err send_request(int fd, const struct client_request *request)
{
    struct buf head;
    buf_init(&head, MEM_OTHER, HEAD_BYTES_MAX);
    const bool is_v6 = strchr(request->url->host, ':') != NULL;
    const struct str parts[] = {str_of(request->method),    STR(" "),
                                str_of(request->url->path), request->path,
                                STR(" HTTP/1.1\r\nHost: "), is_v6 ? STR("[") : STR(""),
                                str_of(request->url->host), is_v6 ? STR("]") : STR("")};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        buf_add_str(&head, parts[i]);
    }
    buf_addf(&head, ":%u\r\nConnection: close\r\n", request->url->port);
    buf_add_str(&head, request->headers);
    if (request->body.len > 0) {
        buf_addf(&head, "Content-Length: %zu\r\n", request->body.len);
    }
    buf_add_str(&head, STR("\r\n"));
    enum err err = buf_ok(&head) ? write_all(fd, buf_str(&head)) : ERR_LIMIT;
    if (err == ERR_OK) {
        err = write_all(fd, request->body);
    }
    buf_done(&head);
    return err;
}

/* The connection ended; for answers without a length that is how they end. */
static enum err on_end(struct asking *asking)
{
    if (llhttp_finish(&asking->parser) == HPE_OK && asking->is_whole) {
        return ERR_OK;
    }
    return asking->is_whole ? ERR_OK : ERR_CLOSED;
}

static enum err read_answer(int fd, struct asking *asking)
{
    static _Thread_local char bytes[READ_BYTES];

    while (!asking->is_whole && !asking->had_enough) {
        size_t len = 0;
        const enum err err = sys_socket_read(fd, bytes, sizeof(bytes), &len);
        if (err == ERR_CLOSED) {
            return on_end(asking);
        }
        TRY(err);
        const llhttp_errno_t fault = llhttp_execute(&asking->parser, bytes, len);
        if (fault != HPE_OK && !asking->is_whole && !asking->had_enough) {
            return ERR_PROTO;
        }
    }
    return ERR_OK;
}

enum err client_ask(const struct client_request *request, const struct client_ops *ops, void *user)
{
    llhttp_settings_t settings;
    struct sys_endpoint endpoint;
    int fd = -1;
    TRY(sys_socket_resolve(request->url->host, request->url->port, &endpoint));
    TRY(sys_socket_connect(&endpoint, CLIENT_CONNECT_MS, &fd));
    llhttp_settings_init(&settings);
    settings.on_headers_complete = on_headers_complete;
    settings.on_body = on_body;
    settings.on_message_complete = on_message_complete;
    struct asking asking = {.ops = ops, .user = user};
    llhttp_init(&asking.parser, HTTP_RESPONSE, &settings);
    asking.parser.data = &asking;
    enum err err = sys_socket_set_wait(fd, request->silence_ms);
    if (err == ERR_OK) {
        err = send_request(fd, request);
    }
    if (err == ERR_OK || err == ERR_CLOSED) { // refused while we wrote: it may have said why
        err = read_answer(fd, &asking);
    }
    sys_close(fd);
    return err;
}

void client_explain(enum err err, const struct client_url *url, char why[CLIENT_WHY_MAX])
{
    char failure[SYS_FAILURE_TEXT_MAX];
    const char *what = "the connection ended in mid-answer";
    if (err == ERR_SYS) {
        (void)sys_failure_write(failure);
        what = failure;
    } else if (err == ERR_AGAIN) {
        what = "no answer came";
    } else if (err == ERR_NOT_FOUND) {
        what = "there is no such host";
    } else if (err == ERR_PROTO) {
        what = "what answers is no HTTP server";
    } else if (err == ERR_LIMIT) {
        what = "the answer is too long";
    }
    snprintf(why, CLIENT_WHY_MAX, "http://%.120s:%u: %.300s", url->host, url->port, what);
}

/* ---- the whole answer ---- */

struct fetching {
    struct buf *body;
    int status;
};

static bool keep_status(void *user, int status)
{
    ((struct fetching *)user)->status = status;
    return true;
}

static bool keep_body(void *user, struct str bytes)
{
    struct fetching *fetching = user;
    buf_add_str(fetching->body, bytes);
    return buf_ok(fetching->body);
}

enum err client_fetch(const struct client_request *request, int *ret_status, struct buf *body)
{
    static const struct client_ops ops = {.status = keep_status, .body = keep_body};

    struct fetching fetching = {.body = body};
    TRY(client_ask(request, &ops, &fetching));
    if (!buf_ok(body)) {
        return ERR_LIMIT;
    }
    *ret_status = fetching.status;
    return ERR_OK;
}
