// SPDX-License-Identifier: Apache-2.0
#include "bench/logbook.h"

#include "base/buf.h"
#include "sys/sys.h"
#include "wire/json.h"

#include <inttypes.h>
#include <llhttp.h>
#include <stdio.h>
#include <string.h>

enum {
    PAGE_EVENTS = 500,
    PAGE_BYTES_MAX = 64 * 1024 * 1024,
    KEYS_MAX = 10 * 1000 * 1000,
    READ_BYTES = 64 * 1024,
    CURSOR_MAX = 64,
    STATUS_OK = 200,
    STATUS_NOT_FOUND = 404,
};

struct page { // an answer on its way
    struct buf body;
    int status;
    bool is_whole;
};

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct page *page = parser->data;
    buf_add(&page->body, at, len);
    return buf_ok(&page->body) ? HPE_OK : -1;
}

static int on_whole(llhttp_t *parser)
{
    struct page *page = parser->data;
    page->status = parser->status_code;
    page->is_whole = true;
    return HPE_PAUSED;
}

static enum err send_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        size_t sent = 0;
        TRY(sys_socket_write(fd, bytes.at, bytes.len, &sent));
        bytes.at += sent;
        bytes.len -= sent;
    }
    return ERR_OK;
}

static enum err receive(int fd, struct page *page)
{
    static const llhttp_settings_t settings = {.on_body = on_body, .on_message_complete = on_whole};
    static _Thread_local char bytes[READ_BYTES];

    llhttp_t parser;
    llhttp_init(&parser, HTTP_RESPONSE, &settings);
    parser.data = page;
    while (!page->is_whole) {
        size_t len = 0;
        TRY(sys_socket_read(fd, bytes, sizeof(bytes), &len));
        const enum llhttp_errno fault = llhttp_execute(&parser, bytes, len);
        if (fault != HPE_OK && fault != HPE_PAUSED) {
            return ERR_PROTO;
        }
    }
    return ERR_OK;
}

static enum err ask(int fd, const struct plan *plan, uint32_t stream, const char *after,
                    struct page *page)
{
    char request[1024];
    const int len =
        snprintf(request, sizeof(request),
                 "GET %s/v1/streams/bench-%s-%u/log?limit=%d&after=%s HTTP/1.1\r\nHost: %s\r\n\r\n",
                 plan->path, plan->run, stream, PAGE_EVENTS, after, plan->host);
    if (len < 0 || (size_t)len >= sizeof(request)) {
        return ERR_LIMIT;
    }
    TRY(send_all(fd, (struct str){.at = request, .len = (size_t)len}));
    return receive(fd, page);
}

/* Comments that stand before it. */
static void take_retract(const struct json *seqs, uint64_t by, struct truth *truth)
{
    for (size_t i = 0; i < json_length(seqs); i++) {
        int64_t seq = 0;
        if (json_get_i64(json_at(seqs, i), &seq) && seq > 0) {
            truth_retracted(truth, (uint64_t)seq, by);
        }
    }
}

static enum err take_kind(const struct json *event, uint64_t seq, struct truth *truth)
{
    struct str type = STR_NONE;
    (void)json_get_str(json_member(event, "type"), &type);
    if (str_eq(type, STR("removed"))) {
        return truth_add_removed(truth);
    }
    if (str_eq(type, STR("retract"))) {
        take_retract(json_member(event, "seqs"), seq, truth);
    }
    return ERR_OK;
}

static enum err take_events(const struct json *events, struct truth *truth,
                            char why[LOGBOOK_WHY_MAX])
{
    for (size_t i = 0; i < json_length(events); i++) {
        int64_t seq = 0, prev = -1;
        const struct json *event = json_at(events, i);
        (void)json_get_i64(json_member(event, "seq"), &seq);
        (void)json_get_i64(json_member(event, "prev"), &prev);
        const enum err err =
            seq <= 0 || prev < 0 ? ERR_PROTO : truth_add(truth, (uint64_t)seq, (uint64_t)prev);
        if (err != ERR_OK) {
            snprintf(why, LOGBOOK_WHY_MAX,
                     "the log has seq %" PRIi64 " with prev %" PRIi64 " after %" PRIu64, seq, prev,
                     truth_head(truth));
            return err;
        }
        TRY(take_kind(event, (uint64_t)seq, truth));
    }
    return ERR_OK;
}

/* Takes the page's events; `after` becomes its cursor. */
static enum err take_page(const struct page *page, struct truth *truth, char after[CURSOR_MAX],
                          bool *ret_more, char why[LOGBOOK_WHY_MAX])
{
    struct json *root = NULL;
    struct json_fault fault;
    struct str cursor = STR_NONE;
    bool more = false;
    if (page->status == STATUS_NOT_FOUND) {
        *ret_more = false;
        return ERR_OK;
    }
    if (page->status != STATUS_OK ||
        json_parse_with(buf_str(&page->body), KEYS_MAX, &root, &fault) != ERR_OK) {
        snprintf(why, LOGBOOK_WHY_MAX, "the log was answered %d, or is no JSON", page->status);
        return ERR_PROTO;
    }
    const enum err err = take_events(json_member(root, "events"), truth, why);
    (void)json_get_bool(json_member(root, "more"), &more);
    if (json_get_str(json_member(root, "cursor"), &cursor) && cursor.len < CURSOR_MAX) {
        snprintf(after, CURSOR_MAX, "%.*s", STR_ARG(cursor));
    } else {
        more = false;
    }
    json_free(root);
    *ret_more = more;
    return err;
}

static enum err read_pages(int fd, const struct plan *plan, uint32_t stream, struct truth *truth,
                           char why[LOGBOOK_WHY_MAX])
{
    char after[CURSOR_MAX] = "0";
    bool more = true;
    while (more) {
        struct page page = {.status = 0};
        buf_init(&page.body, MEM_OTHER, PAGE_BYTES_MAX);
        enum err err = ask(fd, plan, stream, after, &page);
        if (err != ERR_OK) {
            snprintf(why, LOGBOOK_WHY_MAX, "the log of stream %u cannot be read: %s", stream,
                     err_name(err));
        } else {
            err = take_page(&page, truth, after, &more, why);
        }
        buf_done(&page.body);
        TRY(err);
    }
    return ERR_OK;
}

enum err logbook_read(const struct plan *plan, uint32_t stream, struct truth *truth,
                      char why[LOGBOOK_WHY_MAX])
{
    struct sys_endpoint server = {.port = plan->server.port};
    int fd = -1;
    memcpy(server.ip, plan->server.bytes, sizeof(server.ip));
    enum err err = sys_socket_connect(&server, LOGBOOK_SILENCE_MS, &fd);
    if (err == ERR_OK) {
        err = sys_socket_set_wait(fd, LOGBOOK_SILENCE_MS);
    }
    if (err != ERR_OK) {
        (void)sys_failure_write(why);
    } else {
        err = read_pages(fd, plan, stream, truth, why);
    }
    sys_close(fd);
    return err;
}
