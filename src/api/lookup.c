// SPDX-License-Identifier: Apache-2.0
#include "api/lookup.h"

#include "api/respond.h"
#include "base/mem.h"
#include "base/must.h"
#include "rules/token_name.h"

void lookup_free(struct lookup *lookup)
{
    buf_done(&lookup->call.out);
    buf_done(&lookup->first);
    mem_free(MEM_CONN, lookup);
}

void lookup_reply(struct lookup *lookup)
{
    struct buf body = respond_body();
    buf_add_byte(&body, '{');
    buf_add_str(&body, buf_str(&lookup->call.out));
    buf_add_byte(&body, '}');
    respond_json(lookup->exchange, 200, &body, STR_NONE);
    lookup_free(lookup);
}

static const struct problem bad_after = {
    .code = PROBLEM_BAD_FIELD,
    .field = STR("after"),
    .detail = STR("`after` is the `id` of a comment of this server.")};

static const struct problem does_not_wait = {
    .code = PROBLEM_CONFLICT, .field = STR("id"), .detail = STR("It does not wait in the queue.")};

static const struct problem no_such_comment = {.code = PROBLEM_NO_COMMENT,
                                               .field = STR("id"),
                                               .detail =
                                                   STR("There is no such comment in this stream.")};

static void reply_failure(struct lookup *lookup)
{
    struct problem why = {.code = PROBLEM_STORE_DOWN,
                          .detail = STR("The store cannot be read at the moment."),
                          .retry_after_ms = 5000};
    if (lookup->call.what == MODERATION_WAITS && lookup->call.result == ERR_DENIED) {
        why = does_not_wait;
    } else if (lookup->call.what == MODERATION_WAITS && lookup->call.result == ERR_NOT_FOUND) {
        why = no_such_comment;
    } else if (lookup->call.result == ERR_NOT_FOUND) {
        why = (struct problem){.code = PROBLEM_NOT_FOUND,
                               .detail = STR("There is no such stream, or it has no such act.")};
    } else if (lookup->call.result == ERR_DENIED) {
        why = bad_after;
    } else if (lookup->call.result == ERR_NOMEM || lookup->call.result == ERR_LIMIT) {
        why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
    }
    respond_problem(lookup->exchange, &why);
    lookup_free(lookup);
}

/* The call is the engine's still. */
static void on_late(struct overdue_entry *entry)
{
    struct lookup *lookup = list_entry(entry, struct lookup, overdue);
    const struct problem why = {.code = PROBLEM_STORE_DOWN,
                                .detail = STR("The store does not answer."),
                                .retry_after_ms = 5000};
    struct exchange *exchange = lookup->exchange;
    lookup->exchange = NULL;
    respond_problem(exchange, &why);
}

/* Of a stream that nobody named yet; it exists all the same, unless streams are made explicitly. */
static const char *const nothing[] = {
    [MODERATION_LOG] = "\"entries\":[],\"cursor\":\"0\",\"more\":false",
    [MODERATION_HELD] = "\"comments\":[],\"count\":0,\"cursor\":\"\",\"more\":false",
    [MODERATION_USER] = ",\"sanctions\":[],\"comments\":[],\"more\":false",
    [MODERATION_HOUSE] = "\"slow\":0,\"modes\":[],\"shield\":false,\"rules\":{},\"terms\":[],"
                         "\"counts\":{},\"sanctions\":[]",
    [MODERATION_SIMILAR] = "\"groups\":[]",
    [MODERATION_MARKED] = "\"comments\":[]",
    [MODERATION_APPEALS] = "\"appeals\":[]",
    [MODERATION_WAITS] = NULL, // there is none
    [MODERATION_ACT] = NULL,   // likewise
};

static void look_at_nothing(struct lookup *lookup)
{
    struct api *api = desk_of(exchange_server(lookup->exchange));
    const enum moderation_read what = lookup->call.what;
    struct buf *out = &lookup->call.out;
    if (lookup->call.result != ERR_NOT_FOUND || nothing[what] == NULL ||
        desk_policy(api)->is.streams_are_explicit) {
        return;
    }
    buf_reset(out);
    if (what == MODERATION_USER) {
        json_write_name(out, "user");
        buf_add_byte(out, '{');
        json_write_member_str(out, "id", lookup->call.user);
        json_write_member_str(out, "name", lookup->call.user);
        buf_add_byte(out, '}');
    }
    buf_add_str(out, str_of(nothing[what]));
    lookup->call.result = ERR_OK;
}

static void on_looked(struct call *call)
{
    struct lookup *lookup = (struct lookup *)(void *)call;
    overdue_remove(&lookup->overdue);
    if (lookup->exchange == NULL) {
        lookup_free(lookup);
        return;
    }
    look_at_nothing(lookup);
    if (lookup->call.result != ERR_OK) {
        reply_failure(lookup);
    } else {
        lookup->found(lookup);
    }
}

_Static_assert(offsetof(struct lookup, call) == 0 && offsetof(struct moderation_call, call) == 0,
               "a call of moderation is its lookup");

static void send_away(struct lookup *lookup)
{
    struct server *server = exchange_server(lookup->exchange);
    overdue_add(desk_overdue(server), &lookup->overdue, on_late);
    port_moderation(desk_of(server)->shared->port, &lookup->call);
}

void lookup_start(struct ask *ask, const struct lookup_options *options)
{
    struct lookup *lookup = mem_new(MEM_CONN, sizeof(*lookup));
    if (lookup == NULL) {
        respond_problem(ask->exchange,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
        return;
    }
    must(options->user.len <= sizeof(lookup->user));
    if (options->user.len > 0) {
        memcpy(lookup->user, options->user.at, options->user.len);
    }
    must(options->id.len <= sizeof(lookup->id));
    if (options->id.len > 0) {
        memcpy(lookup->id, options->id.at, options->id.len);
    }
    if (ask->stream.len > 0) {
        ask_keep_name(&lookup->stream, ask->stream);
    }
    lookup->exchange = ask->exchange;
    lookup->part = options->part;
    lookup->found = options->found == NULL ? lookup_reply : options->found;
    lookup->call = (struct moderation_call){
        .call = {.home = desk_home(ask->server), .done = on_looked},
        .what = options->what,
        .stream = ask_kept_name(&lookup->stream),
        .user = {.at = lookup->user, .len = options->user.len},
        .id = {.at = lookup->id, .len = options->id.len},
        .after = options->after,
        .before = options->before,
        .limit = options->limit,
        .out = respond_body(),
    };
    send_away(lookup);
}

void lookup_go_on(struct lookup *lookup, uint64_t act, void (*found)(struct lookup *lookup))
{
    lookup->first = lookup->call.out;
    lookup->call.out = respond_body();
    lookup->call.what = MODERATION_ACT;
    lookup->call.after = act;
    lookup->found = found;
    send_away(lookup);
}

/* Answered when it is none. */
static bool find_limit(struct ask *ask, uint32_t *ret_limit)
{
    uint64_t limit = LOOKUP_LIMIT_DEFAULT;
    struct problem why;
    if (ask_number(ask, "limit", LOOKUP_LIMIT_MAX, &limit, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return false;
    }
    if (limit == 0) {
        ask_fail(ask, PROBLEM_BAD_FIELD, "limit", "`limit` is a number of 1 to 500.");
        return false;
    }
    *ret_limit = (uint32_t)limit;
    return true;
}

void lookup_start_page(struct ask *ask, const struct lookup_options *options)
{
    struct lookup_options page = *options;
    struct problem why;
    if (ask_number(ask, "after", SEQ_MAX, &page.after, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
    } else if (find_limit(ask, &page.limit)) {
        lookup_start(ask, &page);
    }
}

void lookup_start_page_behind(struct ask *ask, const struct lookup_options *options)
{
    struct lookup_options page = *options;
    char id[TOKEN_NAME_LEN_MAX + 1];
    struct problem why;
    if (ask_token_name(ask, "after", id, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
        return;
    }
    page.id = str_of(id);
    if (find_limit(ask, &page.limit)) {
        lookup_start(ask, &page);
    }
}
