// SPDX-License-Identifier: Apache-2.0
#include "api/poll_api.h"

#include "api/ask.h"
#include "api/lane_list.h"
#include "api/pin_list.h"
#include "api/reading.h"
#include "api/respond.h"
#include "base/mem.h"
#include "serve/server.h"
#include "serve/streaming.h"

enum {
    WAIT_S_DEFAULT = 25,
    WAIT_S_MAX = POLL_WAIT_MS_MAX / 1000,
    IDLE_MS = 1000, // between two polls of who does not wait here
};

/* The pace is ours: at once after events, at once after a wait, else slowly. */
static uint32_t next_ms(const struct ask *ask, const struct poll_found *found)
{
    uint64_t wait_s = WAIT_S_DEFAULT;
    struct problem why;
    if (server_is_draining(ask->server)) {
        return server_drain_retry_ms(ask->server);
    }
    const bool waited = ask_number(ask, "wait", WAIT_S_MAX, &wait_s, &why) == ERR_OK && wait_s > 0;
    return found->count > 0 || waited ? 0 : IDLE_MS;
}

static void write_events(struct buf *out, struct str stream, const struct poll_found *found)
{
    json_write_name(out, "events");
    buf_add_byte(out, '[');
    if (found->expired_to > 0) {
        reading_write_expired(out, stream, found->expired_from, found->expired_to);
    }
    lane_list_write(out, found, stream);
    buf_add_byte(out, ']');
}

/* ---- the first poll of a reader has the pins, too ---- */

struct first_poll {
    struct read read; // first: what the port holds
    struct exchange *exchange;
    struct kept_name stream;
    struct buf body; // owned; all but the pins and the brace
};

static void on_pins(struct call *call)
{
    struct first_poll *first = (struct first_poll *)(void *)call;
    const bool was_read = first->read.result == ERR_OK;
    pin_list_write(&first->body, first->read.events, was_read ? first->read.count : 0);
    buf_add_byte(&first->body, '}');
    respond_json(first->exchange, 200, &first->body, STR_NONE);
    read_done(&first->read);
    mem_free(MEM_CONN, first);
}

_Static_assert(offsetof(struct first_poll, read) == 0 && offsetof(struct read, call) == 0,
               "a call of a read is its poll");

/* Takes the body over. ERR_NOMEM. */
static enum err add_pins(const struct ask *ask, struct buf *body)
{
    struct first_poll *first = mem_new(MEM_CONN, sizeof(*first));
    if (first == NULL) {
        return ERR_NOMEM;
    }
    first->exchange = ask->exchange;
    first->body = *body;
    ask_keep_name(&first->stream, ask->stream);
    first->read = (struct read){.call = {.home = desk_home(ask->server), .done = on_pins},
                                .stream = ask_kept_name(&first->stream),
                                .from = READ_BEFORE,
                                .bound = SEQ_MAX + 1,
                                .upto = SEQ_MAX,
                                .limit = READ_LIMIT_MAX,
                                .kinds = 1U << EVENT_PIN | 1U << EVENT_UNPIN};
    port_read(ask->api->shared->port, &first->read);
    return ERR_OK;
}

/* Without a cursor: it begins here. */
static bool is_first(const struct ask *ask)
{
    struct cursor cursor;
    struct problem why;
    bool has_cursor = false;
    return request_field(ask->request, "last-event-id").len == 0 &&
           ask_cursor(ask, "after", &cursor, &has_cursor, &why) == ERR_OK && !has_cursor;
}

static void on_found(struct exchange *exchange, const struct poll_found *found)
{
    struct routed routed;
    struct ask ask;
    ask_again(exchange, &routed, &ask);
    struct cursor cursor = found->cursor;
    if (cursor.epoch.text[0] == '\0') {
        cursor.epoch = ask.api->shared->port->epoch;
    }
    struct buf body = respond_body();
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "epoch", str_of(cursor.epoch.text));
    json_write_name(&body, "cursor");
    buf_add_byte(&body, '"');
    cursor_write(&body, &cursor);
    buf_add_byte(&body, '"');
    if (found->resync) {
        json_write_member_bool(&body, "resync", true);
    }
    write_events(&body, ask.stream, found);
    json_write_member_u64(&body, "next_ms", next_ms(&ask, found));
    if (is_first(&ask) && add_pins(&ask, &body) == ERR_OK) {
        return;
    }
    buf_add_byte(&body, '}');
    respond_json(exchange, 200, &body, STR_NONE);
}

static void on_refused(struct exchange *exchange, enum viewer_refusal why)
{
    const struct problem problem = reading_refusal(why);
    respond_problem(exchange, &problem);
}

void poll_api_open(struct ask *ask)
{
    static const struct poll_ops ops = {.found = on_found, .refused = on_refused};
    struct join join;
    uint64_t wait_s = WAIT_S_DEFAULT;
    struct problem why;
    if (reading_from_poll(ask, &join, &why) != ERR_OK ||
        ask_number(ask, "wait", WAIT_S_MAX, &wait_s, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    struct buf cors;
    buf_init(&cors, MEM_CONN, REQUEST_HEAD_BYTES_MAX);
    respond_cors_headers(ask->exchange, &cors);
    const struct poll_options options = {
        .reader = {.claims = ask->claims, .cors_headers = buf_str(&cors)},
        .wait_ms = (uint32_t)wait_s * 1000,
        .ops = &ops,
    };
    poll_open(ask->exchange, &join, &options);
    buf_done(&cors);
}
