// SPDX-License-Identifier: Apache-2.0
/* The engine knows the act's event, the hubs whom it was written to. */
#include "api/reach_api.h"

#include "api/ask.h"
#include "api/auth.h"
#include "api/lookup.h"
#include "api/respond.h"
#include "base/mem.h"
#include "hub/hub.h"

enum { MS_A_SECOND = 1000 };

struct reach_ask {
    struct reach_call reach; // first: what the hubs hold
    struct lookup *lookup;   // owned
};

static void on_reach(struct call *call)
{
    struct reach_ask *asked = (struct reach_ask *)(void *)call;
    const struct reach_call *reach = &asked->reach;
    struct lookup *lookup = asked->lookup;
    char act[ACT_ID_TEXT_MAX];
    struct buf body = respond_body();
    act_id_write(lookup->part, act);
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "act", str_of(act));
    json_write_member_bool(&body, "event", reach->seq != 0);
    json_write_member_bool(&body, "known", reach->known || reach->seq == 0);
    json_write_member_u64(&body, "viewers", reach->viewers);
    json_write_member_u64(&body, "applied", reach->applied);
    json_write_member_u64(&body, "p50_ms", reach->p50_ms);
    json_write_member_u64(&body, "p95_ms", reach->p95_ms);
    json_write_member_u64(&body, "cut", reach->cut);
    json_write_member_u64(&body, "comments", reach->exposed.comments);
    json_write_name(&body, "exposure_viewer_s");
    buf_addf(&body, "%.1f", (double)reach->exposed.viewer_ms / MS_A_SECOND);
    buf_add_byte(&body, '}');
    respond_json(lookup->exchange, 200, &body, STR_NONE);
    lookup_free(lookup);
    mem_free(MEM_CONN, asked);
}

_Static_assert(offsetof(struct reach_ask, reach) == 0 && offsetof(struct reach_call, call) == 0,
               "a call of reach is its ask");

static void on_act(struct lookup *lookup)
{
    struct server *server = exchange_server(lookup->exchange);
    struct reach_ask *asked = mem_new(MEM_CONN, sizeof(*asked));
    if (asked == NULL) {
        respond_problem(lookup->exchange,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
        lookup_free(lookup);
        return;
    }
    asked->lookup = lookup;
    asked->reach.call = (struct call){.home = desk_home(server), .done = on_reach};
    asked->reach.stream = ask_kept_name(&lookup->stream);
    asked->reach.seq = lookup->call.seq;
    hub_reach(desk_of(server)->hub, &asked->reach);
}

void reach_api_get(struct ask *ask)
{
    struct problem why;
    uint64_t act = 0;
    if (auth_manager(ask->claims, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
    } else if (act_id_parse(ask->part, &act) != ERR_OK) {
        ask_fail(ask, PROBLEM_NOT_FOUND, "act", "This is no act's id.");
    } else {
        lookup_start(ask, &(struct lookup_options){
                              .what = MODERATION_ACT, .after = act, .part = act, .found = on_act});
    }
}
