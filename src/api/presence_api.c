// SPDX-License-Identifier: Apache-2.0
#include "api/presence_api.h"

#include "api/ask.h"
#include "api/reading.h"
#include "api/respond.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "rules/token_name.h"
#include "serve/server.h"

struct presence_ask {
    struct presence_call call; // first: what the hub holds
    struct exchange *exchange;
    struct claims *claims; // a reference: the name the hub reads
    struct kept_name stream;
};

_Static_assert(offsetof(struct presence_ask, call) == 0 &&
                   offsetof(struct presence_call, call) == 0,
               "a call of presence is its ask");

const struct problem *presence_api_problem(const struct presence_call *call)
{
    static const struct problem full = {
        .code = PROBLEM_FULL,
        .detail = STR("More are present than this server counts. Beat again later."),
        .retry_after_ms = 10000,
    };
    static const struct problem full_address = {
        .code = PROBLEM_RATE_ADDRESS,
        .detail = STR("More are present from your network address than this server counts. Beat "
                      "again later, with one session a screen."),
        .retry_after_ms = 10000,
    };
    return call->beat == BEAT_FULL_ADDRESS ? &full_address : &full;
}

void presence_api_write_beat(struct buf *out, const struct presence_call *call)
{
    buf_add_byte(out, '{');
    json_write_member_u64(out, "viewers", call->viewers);
    json_write_member_u64(out, "next_ms", call->next_ms);
    buf_add_byte(out, '}');
}

static void write_presence(struct buf *out, const struct presence_call *call)
{
    buf_add_byte(out, '{');
    json_write_member_u64(out, "viewers", call->viewers);
    json_write_member_bool(out, "approx", false);
    json_write_member_u64(out, "error_pct", 0);
    json_write_member_u64(out, "watching", call->watching);
    json_write_member_u64(out, "hidden", call->hidden_count);
    json_write_name(out, "roster");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < call->roster_count; i++) {
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        json_write_str(out, call->roster[i]);
    }
    buf_add_str(out, STR("]}"));
}

static void on_presence(struct call *call)
{
    struct presence_ask *asked = (struct presence_ask *)(void *)call;
    struct buf body = respond_body();
    if (asked->call.beat != BEAT_TAKEN) {
        buf_done(&body);
        respond_problem(asked->exchange, presence_api_problem(&asked->call));
    } else if (asked->call.identity != 0) {
        presence_api_write_beat(&body, &asked->call);
        respond_json(asked->exchange, 200, &body, STR_NONE);
    } else {
        write_presence(&body, &asked->call);
        respond_json(asked->exchange, 200, &body, STR_NONE);
    }
    presence_call_done(&asked->call);
    claims_unref(asked->claims);
    mem_free(MEM_CONN, asked);
}

/* Who beats, from where; all 0: nobody, it is only asked. */
struct beat {
    uint64_t identity, screen;
    bool is_hidden;
};

static void start(struct ask *ask, const struct beat *beat)
{
    struct presence_ask *asked = mem_new(MEM_CONN, sizeof(*asked));
    if (asked == NULL) {
        respond_problem(ask->exchange,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
        return;
    }
    asked->exchange = ask->exchange;
    ask_keep_name(&asked->stream, ask->stream);
    asked->call = (struct presence_call){
        .call = {.home = desk_home(ask->server), .done = on_presence},
        .stream = ask_kept_name(&asked->stream),
        .identity = beat->identity,
        .screen = beat->screen,
        .address = reading_address(ask),
        .hidden = beat->is_hidden,
    };
    if (ask->claims != NULL) {
        asked->claims = claims_ref(ask->claims);
        asked->call.name = claims_roster_name(ask->claims);
    }
    hub_presence(ask->api->hub, &asked->call);
}

static enum err read_beat(struct ask *ask, const struct json *message, struct beat *ret_beat)
{
    struct reading_self self = {.claims = ask->claims};
    const struct json *session = json_member(message, "session");
    if (session != NULL && json_kind(session) != JSON_KIND_NULL &&
        (!json_get_str(session, &self.session) || !token_name_is_valid(self.session))) {
        ask_fail(ask, PROBLEM_BAD_FIELD, "session",
                 "`session` is a string of 1 to 64 of A-Z a-z 0-9 _ and -.");
        return ERR_PROTO;
    }
    if (self.session.len == 0 && ask->claims == NULL) {
        ask_fail(ask, PROBLEM_BAD_FIELD, "session",
                 "Without a token a beat needs a `session`: any name you keep.");
        return ERR_PROTO;
    }
    const struct json *state = json_member(message, "state");
    struct str name = STR("watching");
    if (state != NULL && !json_get_str(state, &name)) {
        name = STR_NONE;
    }
    const bool is_hidden = str_eq(name, STR("hidden"));
    if (!is_hidden && !str_eq(name, STR("watching"))) {
        ask_fail(ask, PROBLEM_BAD_FIELD, "state", "`state` is \"watching\" or \"hidden\".");
        return ERR_PROTO;
    }
    *ret_beat = (struct beat){.identity = reading_identity(ask->api, &self),
                              .screen = reading_screen(ask->api, &self),
                              .is_hidden = is_hidden};
    return ERR_OK;
}

void presence_api_beat(struct ask *ask)
{
    struct json *message = NULL;
    if (ask_body(ask, &message) != ERR_OK) {
        return;
    }
    struct beat beat;
    if (read_beat(ask, message, &beat) == ERR_OK) {
        start(ask, &beat);
    }
    json_free(message);
}

void presence_api_get(struct ask *ask)
{
    static const struct beat nobody = {0};
    start(ask, &nobody);
}
