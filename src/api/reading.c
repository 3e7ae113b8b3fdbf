// SPDX-License-Identifier: Apache-2.0
#include "api/reading.h"

#include "base/hash.h"
#include "wire/url.h"

uint64_t reading_identity(const struct api *api, const struct reading_self *self)
{
    uint64_t identity = self->connection;
    if (self->claims != NULL) {
        const struct str parts[] = {STR("user"), self->claims->sub};
        identity = hash_parts(api->shared->seed, parts, 2);
    } else if (self->session.len > 0) {
        const struct str parts[] = {STR("session"), self->session};
        identity = hash_parts(api->shared->seed, parts, 2);
    }
    return identity == 0 ? 1 : identity;
}

uint64_t reading_screen(const struct api *api, const struct reading_self *self)
{
    const struct reading_self nameless = {.session = self->session};
    return self->session.len > 0 ? reading_identity(api, &nameless) : self->connection;
}

uint32_t reading_address(const struct ask *ask)
{
    char key[ADDRESS_TEXT_MAX];
    if (ask->request->client_is_trusted) {
        return 0;
    }
    const uint32_t hash =
        hash_str(ask->api->shared->seed, address_key(&ask->request->client, key)) &
        READING_ADDRESS_MASK;
    return hash == 0 ? 1 : hash;
}

static enum err wrong(struct problem *ret_why, enum problem_code code, const char *field,
                      const char *detail)
{
    *ret_why = (struct problem){.code = code, .field = str_of(field), .detail = str_of(detail)};
    return ERR_PROTO;
}

enum err reading_lane(struct str name, enum lane *ret_lane, struct problem *ret_why)
{
    if (lane_of_name(name, ret_lane) == ERR_OK) {
        return ERR_OK;
    }
    return wrong(ret_why, PROBLEM_BAD_FIELD, "lane",
                 "`lane` is one of full, readable, digest and control.");
}

static enum err lane_of_query(struct ask *ask, enum lane *ret_lane, struct problem *ret_why)
{
    struct buf name;
    buf_init(&name, MEM_CONN, SESSION_LEN_MAX);
    enum err err = url_param(ask->request->query, "lane", &name);
    if (err == ERR_NOT_FOUND) {
        err = ERR_OK;
    } else if (err == ERR_NOMEM) {
        *ret_why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
    } else {
        err = reading_lane(err == ERR_OK ? buf_str(&name) : STR_NONE, ret_lane, ret_why);
    }
    buf_done(&name);
    return err;
}

/* What EventSource sends on its own beats what the page once put into the URL. */
static enum err cursor_of(struct ask *ask, struct join *join, struct problem *ret_why)
{
    const struct str last = request_field(ask->request, "last-event-id");
    if (last.len == 0) {
        return ask_cursor(ask, "after", &join->cursor, &join->has_cursor, ret_why);
    }
    if (cursor_parse(last, &join->cursor) != ERR_OK) {
        return wrong(ret_why, PROBLEM_BAD_CURSOR, "Last-Event-ID",
                     "This is no id that was sent with an event: <epoch>.<seq>.");
    }
    join->has_cursor = true;
    return ERR_OK;
}

/* One a connection, so that polls without a name over one connection are one viewer. */
static uint64_t connection_of(const struct ask *ask)
{
    const struct address *peer = &ask->request->peer, *client = &ask->request->client;
    const struct str parts[] = {
        {.at = (const char *)peer->bytes, .len = sizeof(peer->bytes)},
        {.at = (const char *)&peer->port, .len = sizeof(peer->port)},
        {.at = (const char *)client->bytes, .len = sizeof(client->bytes)},
    };
    return hash_parts(ask->api->shared->seed, parts, 3);
}

void reading_recognize(const struct api *api, const struct claims *claims, struct join *join)
{
    if (claims != NULL) {
        join->user = port_user_hash(api->shared->port, claims->sub);
        join->moderates = claims_are_privileged(claims);
    }
}

static void name_self(const struct ask *ask, struct str session, struct join *join)
{
    const struct reading_self self = {
        .claims = ask->claims,
        .session = session,
    };
    join->identity =
        ask->claims == NULL && session.len == 0 ? IDENTITY_SOLE : reading_identity(ask->api, &self);
    join->name = claims_roster_name(ask->claims);
    reading_recognize(ask->api, ask->claims, join);
}

enum err reading_from_ask(struct ask *ask, struct join *ret_join, struct problem *ret_why)
{
    struct join join = {.stream = ask->stream, .limit = READING_TAIL_MAX};
    uint64_t tail = READING_TAIL_DEFAULT;
    enum lane lane = LANE_FULL;
    char session[SESSION_LEN_MAX + 1];
    TRY(cursor_of(ask, &join, ret_why));
    TRY(ask_number(ask, "tail", READING_TAIL_MAX, &tail, ret_why));
    TRY(lane_of_query(ask, &lane, ret_why));
    TRY(ask_token_name(ask, "session", session, ret_why));
    join.tail = (uint32_t)tail;
    join.lane = (uint8_t)lane;
    name_self(ask, str_of(session), &join);
    *ret_join = join;
    return ERR_OK;
}

enum err reading_from_poll(struct ask *ask, struct join *ret_join, struct problem *ret_why)
{
    TRY(reading_from_ask(ask, ret_join, ret_why));
    if (ret_join->identity == IDENTITY_SOLE) {
        const struct reading_self self = {.connection = connection_of(ask)};
        ret_join->identity = reading_identity(ask->api, &self);
    }
    ret_join->address = reading_address(ask);
    return ERR_OK;
}

enum err reading_from_message(const struct json *message, struct join *ret_join,
                              struct problem *ret_why)
{
    struct join join = {.tail = READING_TAIL_DEFAULT, .limit = READING_TAIL_MAX};
    const struct json *after = json_member(message, "after");
    struct str text;
    if (after != NULL && json_kind(after) != JSON_KIND_NULL) {
        if (!json_get_str(after, &text) || cursor_parse(text, &join.cursor) != ERR_OK) {
            return wrong(ret_why, PROBLEM_BAD_CURSOR, "after",
                         "A cursor is the string \"<epoch>.<seq>\", \"<seq>\" or \"0\".");
        }
        join.has_cursor = true;
    }
    const struct json *tail = json_member(message, "tail");
    if (tail != NULL && json_kind(tail) != JSON_KIND_NULL) {
        int64_t count = 0;
        if (!json_get_i64(tail, &count) || count < 0 || count > READING_TAIL_MAX) {
            return wrong(ret_why, PROBLEM_BAD_FIELD, "tail", "`tail` is a number of 0 to 500.");
        }
        join.tail = (uint32_t)count;
    }
    const struct json *member = json_member(message, "lane");
    enum lane lane = LANE_FULL;
    if (member != NULL && json_kind(member) != JSON_KIND_NULL) {
        TRY(reading_lane(json_get_str(member, &text) ? text : STR_NONE, &lane, ret_why));
    }
    join.lane = (uint8_t)lane;
    *ret_join = join;
    return ERR_OK;
}

void reading_write_expired(struct buf *out, struct str stream, uint64_t from, uint64_t to)
{
    buf_add_str(out, STR("{\"type\":\"gap\""));
    json_write_member_str(out, "stream", stream);
    json_write_member_u64(out, "from", from);
    json_write_member_u64(out, "to", to);
    json_write_member_str(out, "why", STR("expired"));
    buf_add_byte(out, '}');
}

struct problem reading_refusal(enum viewer_refusal why)
{
    switch (why) {
    case VIEWER_NO_STREAM:
        return (struct problem){.code = PROBLEM_NO_STREAM,
                                .detail = STR("Nobody has made this stream: its host does so with "
                                              "PUT /v1/streams/{name}.")};
    case VIEWER_STORE_DOWN:
        return (struct problem){.code = PROBLEM_STORE_DOWN,
                                .detail = STR("The store cannot be read at the moment."),
                                .retry_after_ms = 5000};
    case VIEWER_OVERLOADED:
    default:
        return (struct problem){.code = PROBLEM_OVERLOADED,
                                .detail = STR("Too many join at once. Wait, then come again."),
                                .retry_after_ms = 2000};
    }
}
