// SPDX-License-Identifier: Apache-2.0
#include "api/moderation_look.h"

#include "api/ask.h"
#include "api/auth.h"
#include "api/held_claims.h"
#include "api/lookup.h"
#include "api/respond.h"
#include "rules/token_name.h"

bool moderation_look_may(struct ask *ask)
{
    struct problem why;
    const enum err err = ask->stream.len > 0 ? auth_manager(ask->claims, &why)
                                             : auth_admin_of_all(ask->claims, &why);
    if (err != ERR_OK) {
        respond_problem(ask->exchange, &why);
    }
    return err == ERR_OK;
}

/* From which end the audit is read. ERR_PROTO: *ret_why. */
static enum err find_bound(struct ask *ask, uint64_t *ret_before, struct problem *ret_why)
{
    uint64_t after = UINT64_MAX, before = UINT64_MAX;
    TRY(ask_number(ask, "after", SEQ_MAX, &after, ret_why));
    TRY(ask_number(ask, "before", SEQ_MAX, &before, ret_why));
    if (before == 0 || (before != UINT64_MAX && after != UINT64_MAX)) {
        *ret_why = (struct problem){.code = PROBLEM_BAD_FIELD,
                                    .field = STR("before"),
                                    .detail = STR("A page is after an entry, or before one of 1 "
                                                  "and more.")};
        return ERR_PROTO;
    }
    *ret_before = before == UINT64_MAX ? 0 : before;
    return ERR_OK;
}

void moderation_look_log(struct ask *ask)
{
    struct lookup_options page = {.what = MODERATION_LOG};
    struct problem why;
    if (!moderation_look_may(ask)) {
        return;
    }
    if (find_bound(ask, &page.before, &why) == ERR_OK) {
        lookup_start_page(ask, &page);
    } else {
        respond_problem(ask->exchange, &why);
    }
}

void moderation_look_rules(struct ask *ask)
{
    if (moderation_look_may(ask)) {
        lookup_start(ask, &(struct lookup_options){.what = MODERATION_HOUSE});
    }
}

void moderation_look_similar(struct ask *ask)
{
    if (moderation_look_may(ask)) {
        lookup_start_page(ask, &(struct lookup_options){.what = MODERATION_SIMILAR});
    }
}

void moderation_look_marked(struct ask *ask)
{
    if (moderation_look_may(ask)) {
        lookup_start_page(ask, &(struct lookup_options){.what = MODERATION_MARKED});
    }
}

void moderation_look_user(struct ask *ask)
{
    if (!moderation_look_may(ask)) {
        return;
    }
    if (ask->part.len > ACT_USER_BYTES_MAX) {
        ask_fail(ask, PROBLEM_NOT_FOUND, "user", "A user's id has at most 128 bytes.");
        return;
    }
    struct lookup_options page = {.what = MODERATION_USER, .user = ask->part};
    struct problem why;
    uint64_t before = UINT64_MAX;
    if (ask_number(ask, "before", SEQ_MAX, &before, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
    } else if (before == 0) {
        ask_fail(ask, PROBLEM_BAD_FIELD, "before", "A page is before a place of 1 and more.");
    } else {
        page.before = before == UINT64_MAX ? 0 : before;
        lookup_start_page(ask, &page);
    }
}

void moderation_look_act(struct ask *ask)
{
    uint64_t act = 0;
    if (!moderation_look_may(ask)) {
        return;
    }
    if (act_id_parse(ask->part, &act) != ERR_OK) {
        ask_fail(ask, PROBLEM_NOT_FOUND, "act", "This is no act's id.");
        return;
    }
    lookup_start(ask, &(struct lookup_options){.what = MODERATION_ACT, .after = act});
}

/* ---- the queue ---- */

static void on_held(struct lookup *lookup)
{
    struct server *server = exchange_server(lookup->exchange);
    held_claims_write(desk_of(server)->shared->held, ask_kept_name(&lookup->stream),
                      desk_mono_ms(server), &lookup->call.out);
    lookup_reply(lookup);
}

void moderation_look_held(struct ask *ask)
{
    if (moderation_look_may(ask)) {
        lookup_start_page_behind(
            ask, &(struct lookup_options){.what = MODERATION_HELD, .found = on_held});
    }
}

/* Answered when they may not, or when it is none. */
static bool find_claim(struct ask *ask, struct held_claim *ret_claim)
{
    if (!moderation_look_may(ask)) {
        return false;
    }
    if (!token_name_is_valid(ask->part)) {
        ask_fail(ask, PROBLEM_NO_COMMENT, "id", "This is no comment's id.");
        return false;
    }
    *ret_claim =
        (struct held_claim){.stream = ask->stream, .id = ask->part, .user = ask->claims->sub};
    return true;
}

static void reply_claim(struct exchange *exchange, const struct held_claim *claim, uint32_t left_ms)
{
    struct buf body = respond_body();
    buf_add_byte(&body, '{');
    json_write_member_str(&body, "id", claim->id);
    if (left_ms > 0) {
        json_write_member_str(&body, "by", claim->user);
        json_write_member_u64(&body, "left_ms", left_ms);
    }
    buf_add_byte(&body, '}');
    respond_json(exchange, 200, &body, STR_NONE);
}

static void take_claim(struct exchange *exchange, const struct held_claim *claim)
{
    struct server *server = exchange_server(exchange);
    struct api *api = desk_of(server);
    const uint32_t ttl_ms = desk_policy(api)->is.claim_ms;
    uint32_t left_ms = 0;
    switch (
        (int)held_claims_take(api->shared->held, claim, desk_mono_ms(server), ttl_ms, &left_ms)) {
    case ERR_OK:
        reply_claim(exchange, claim, ttl_ms);
        return;
    case ERR_EXISTS:
        respond_problem(exchange,
                        &(struct problem){.code = PROBLEM_CONFLICT,
                                          .field = STR("id"),
                                          .detail = STR("Another moderator looks at this one."),
                                          .retry_after_ms = left_ms});
        return;
    default:
        respond_problem(exchange,
                        &(struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000});
        return;
    }
}

static void on_waits(struct lookup *lookup)
{
    const struct held_claim claim = {
        .stream = ask_kept_name(&lookup->stream), .id = lookup->call.id, .user = lookup->call.user};
    take_claim(lookup->exchange, &claim);
    lookup_free(lookup);
}

void moderation_look_claim(struct ask *ask)
{
    struct held_claim claim;
    if (find_claim(ask, &claim)) {
        lookup_start(ask, &(struct lookup_options){.what = MODERATION_WAITS,
                                                   .user = claim.user,
                                                   .id = claim.id,
                                                   .found = on_waits});
    }
}

void moderation_look_release(struct ask *ask)
{
    struct held_claim claim;
    if (find_claim(ask, &claim)) {
        held_claims_drop(ask->api->shared->held, &claim);
        reply_claim(ask->exchange, &claim, 0);
    }
}
