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

/* ---- what the port is asked for: warnings of who is known; of a first poll the pins ---- */

struct rest {
    union { // the call first
        struct read read;
        struct warnings warnings;
    };
    struct exchange *exchange;
    struct port *port;
    struct home *home;
    struct kept_name stream;
    struct buf body; // owned; all but the rest and the brace
    bool wants_pins;
};

_Static_assert(offsetof(struct rest, read) == 0 && offsetof(struct read, call) == 0 &&
                   offsetof(struct warnings, call) == 0,
               "a call of the rest is the rest");

static void end(struct rest *rest)
{
    buf_add_byte(&rest->body, '}');
    respond_json(rest->exchange, 200, &rest->body, STR_NONE);
    mem_free(MEM_CONN, rest);
}

static void on_pins(struct call *call)
{
    struct rest *rest = (struct rest *)(void *)call;
    const bool was_read = rest->read.result == ERR_OK;
    pin_list_write(&rest->body, rest->read.events, was_read ? rest->read.count : 0);
    read_done(&rest->read);
    end(rest);
}

static void add_pins(struct rest *rest)
{
    rest->read = (struct read){.call = {.home = rest->home, .done = on_pins},
                               .stream = ask_kept_name(&rest->stream),
                               .from = READ_BEFORE,
                               .bound = SEQ_MAX + 1,
                               .upto = SEQ_MAX,
                               .limit = READ_LIMIT_MAX,
                               .kinds = 1U << EVENT_PIN | 1U << EVENT_UNPIN};
    port_read(rest->port, &rest->read);
}

/* Without this, what is not among the warnings is over. */
static void write_unknown(struct buf *body)
{
    json_write_member_bool(body, "warned_unknown", true);
}

/* Those that could not be asked for come with the next poll. */
static void on_warnings(struct call *call)
{
    struct rest *rest = (struct rest *)(void *)call;
    if (rest->warnings.result != ERR_OK) {
        write_unknown(&rest->body);
    }
    if (rest->warnings.count > 0) {
        json_write_name(&rest->body, "warned");
        buf_add_byte(&rest->body, '[');
        for (uint32_t i = 0; i < rest->warnings.count; i++) {
            const struct notice *notice = rest->warnings.notices[i];
            buf_add_str(&rest->body, i == 0 ? STR_NONE : STR(","));
            buf_add(&rest->body, notice->json, notice->json_len);
        }
        buf_add_byte(&rest->body, ']');
    }
    warnings_done(&rest->warnings);
    if (rest->wants_pins) {
        add_pins(rest);
    } else {
        end(rest);
    }
}

static void add_warnings(struct rest *rest, uint64_t user)
{
    rest->warnings = (struct warnings){.call = {.home = rest->home, .done = on_warnings},
                                       .stream = ask_kept_name(&rest->stream),
                                       .user = user};
    port_warnings(rest->port, &rest->warnings);
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

/* Takes the body over. False: there is nothing to ask for, or no memory. */
static bool add_rest(const struct ask *ask, struct buf *body, uint64_t user)
{
    struct port *port = ask->api->shared->port;
    const bool wants_warnings = user != 0 && port_may_be_warned(port, user);
    const bool wants_pins = is_first(ask);
    struct rest *rest = wants_warnings || wants_pins ? mem_new(MEM_CONN, sizeof(*rest)) : NULL;
    if (rest == NULL) {
        if (wants_warnings) {
            write_unknown(body);
        }
        return false;
    }
    rest->exchange = ask->exchange;
    rest->port = port;
    rest->home = desk_home(ask->server);
    rest->body = *body;
    rest->wants_pins = wants_pins;
    ask_keep_name(&rest->stream, ask->stream);
    if (wants_warnings) {
        add_warnings(rest, user);
    } else {
        add_pins(rest);
    }
    return true;
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
    if (add_rest(&ask, &body, found->user)) {
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
