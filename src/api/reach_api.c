// SPDX-License-Identifier: Apache-2.0
/* The engine knows the act and what was kept of it, the hubs what is being measured:
 *
 *      kept and settled ──────────────▶ settled      | nothing more comes of it
 *      else a hub knows it ───────────▶ measuring    | or settled, and not kept yet
 *      else kept, not settled ────────▶ partial      | the server stopped in between
 *      else ──────────────────────────▶ unknown      | it was for nobody, or is long ago */
#include "api/reach_api.h"

#include "api/ask.h"
#include "api/lookup.h"
#include "api/moderation_look.h"
#include "api/respond.h"
#include "base/mem.h"
#include "hub/hub.h"

enum { MS_A_SECOND = 1000 };

struct reach_ask {
    struct reach_call reach; // first: what the hubs hold
    struct lookup *lookup;   // owned
};

static void write_figures(struct buf *body, const struct reach_figures *figures)
{
    json_write_member_u64(body, "viewers", figures->viewers);
    json_write_member_u64(body, "applied", figures->applied);
    json_write_member_u64(body, "p50_ms", figures->p50_ms);
    json_write_member_u64(body, "p95_ms", figures->p95_ms);
    json_write_member_u64(body, "cut", figures->cut);
    json_write_member_u64(body, "comments", figures->comments);
    json_write_name(body, "exposure_viewer_s");
    buf_addf(body, "%.1f", (double)figures->exposure_ms / MS_A_SECOND);
    json_write_member_bool(body, "exposure_partial", figures->is_partly_exposed);
}

/* `figures` NULL: there are none. */
static void reply(struct lookup *lookup, const char *state, const struct reach_figures *figures)
{
    static const struct reach_figures none = {.viewers = 0};
    char act[ACT_ID_TEXT_MAX];
    struct buf body = respond_body();
    act_id_write(lookup->part, act);
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "act", str_of(act));
    json_write_member_bool(&body, "event", lookup->call.has_event);
    json_write_member_bool(&body, "known", figures != NULL || !lookup->call.has_event);
    json_write_member_str(&body, "state", str_of(state));
    write_figures(&body, figures == NULL ? &none : figures);
    buf_add_byte(&body, '}');
    respond_json(lookup->exchange, 200, &body, STR_NONE);
    lookup_free(lookup);
}

static void on_reach(struct call *call)
{
    struct reach_ask *asked = (struct reach_ask *)(void *)call;
    const struct reach_call *reach = &asked->reach;
    struct lookup *lookup = asked->lookup;
    if (reach->known) {
        reply(lookup, reach->figures.is_settled ? "settled" : "measuring", &reach->figures);
    } else if (lookup->call.has_reach) {
        reply(lookup, "partial", &lookup->call.reach);
    } else {
        reply(lookup, "unknown", NULL);
    }
    mem_free(MEM_CONN, asked);
}

_Static_assert(offsetof(struct reach_ask, reach) == 0 && offsetof(struct reach_call, call) == 0,
               "a call of reach is its ask");

static void ask_hubs(struct lookup *lookup)
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
    asked->reach.act = lookup->part;
    hub_reach(desk_of(server)->hub, &asked->reach);
}

static void on_act(struct lookup *lookup)
{
    const struct moderation_call *found = &lookup->call;
    if (!found->has_event) {
        reply(lookup, "none", NULL);
    } else if (found->has_reach && found->reach.is_settled) {
        reply(lookup, "settled", &found->reach);
    } else {
        ask_hubs(lookup);
    }
}

void reach_api_get(struct ask *ask)
{
    uint64_t act = 0;
    if (!moderation_look_may(ask)) {
        return;
    }
    if (act_id_parse(ask->part, &act) != ERR_OK) {
        ask_fail(ask, PROBLEM_NOT_FOUND, "act", "This is no act's id.");
    } else {
        lookup_start(ask, &(struct lookup_options){
                              .what = MODERATION_ACT, .after = act, .part = act, .found = on_act});
    }
}
