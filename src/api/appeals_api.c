// SPDX-License-Identifier: Apache-2.0
/* An appeal and its decision are acts: they stand in the audit, and have an act's id. */
#include "api/appeals_api.h"

#include "api/acting.h"
#include "api/ask.h"
#include "api/auth.h"
#include "api/lookup.h"
#include "api/respond.h"
#include "api/statement.h"

static bool may_appeal(struct ask *ask)
{
    struct problem why;
    if (auth_somebody(ask->claims, &why) == ERR_OK) {
        return true;
    }
    respond_problem(ask->exchange, &why);
    return false;
}

static void write_id(struct buf *out, const char *name, uint64_t act)
{
    char id[ACT_ID_TEXT_MAX];
    act_id_write(act, id);
    json_write_member_str(out, name, str_of(id));
}

/* ---- appealing and deciding ---- */

static void write_answer(const struct acting *acting, struct buf *out)
{
    const struct act_call *act = &acting->act;
    const bool is_appeal = act->act.what == ACT_APPEAL;
    buf_add_byte(out, '{');
    write_id(out, "appeal", is_appeal ? act->act_n : act->act.act);
    write_id(out, "act", is_appeal ? act->against : act->act_n);
    json_write_member_str(out, "state", is_appeal ? STR("open") : act->act.value);
    if (act->seq > 0) {
        json_write_member_u64(out, "seq", act->seq);
    }
    if (act->end == ACT_DUPLICATE) {
        json_write_member_bool(out, "duplicate", true);
    }
    buf_add_byte(out, '}');
}

static void on_answered(struct acting *acting)
{
    struct exchange *exchange = acting->user;
    struct problem why;
    if (acting_result(acting, &why) == ERR_OK) {
        const bool is_new = acting->act.act.what == ACT_APPEAL && acting->act.end == ACT_DONE;
        struct buf body = respond_body();
        write_answer(acting, &body);
        respond_json(exchange, is_new ? 201 : 200, &body, STR_NONE);
    } else {
        respond_problem(exchange, &why);
    }
    acting_free(acting);
}

static void start(struct ask *ask, enum act_do what, uint64_t target)
{
    struct json *request = NULL;
    if (ask_body(ask, &request) != ERR_OK) {
        return;
    }
    struct acting_options options = acting_of(ask, request, what);
    options.target = target;
    acting_ask(ask, &options, on_answered);
    json_free(request);
}

void appeals_api_post(struct ask *ask)
{
    if (may_appeal(ask)) {
        start(ask, ACT_APPEAL, 0);
    }
}

/* The path's appeal; answered when it is none. */
static bool find_appeal(struct ask *ask, uint64_t *ret_appeal)
{
    if (act_id_parse(ask->part, ret_appeal) == ERR_OK) {
        return true;
    }
    ask_fail(ask, PROBLEM_NOT_FOUND, "appeal", "This is no appeal's id.");
    return false;
}

void appeals_api_decide(struct ask *ask)
{
    struct problem why;
    uint64_t appeal = 0;
    if (auth_manager(ask->claims, &why) != ERR_OK) {
        respond_problem(ask->exchange, &why);
    } else if (find_appeal(ask, &appeal)) {
        start(ask, ACT_DECIDE, appeal);
    }
}

/* ---- looking ---- */

/* Whose appeals they may see; empty: all. */
static struct str seen_by(const struct ask *ask)
{
    return claims_are_privileged(ask->claims) ? STR_NONE : ask->claims->sub;
}

void appeals_api_get(struct ask *ask)
{
    if (may_appeal(ask)) {
        lookup_start_page(
            ask, &(struct lookup_options){.what = MODERATION_APPEALS, .user = seen_by(ask)});
    }
}

/* ---- the statement: of the appeal, and of the act it is against ---- */

static void not_found(struct lookup *lookup)
{
    respond_problem(lookup->exchange,
                    &(struct problem){.code = PROBLEM_NOT_FOUND,
                                      .detail = STR("There is no such appeal, or it is not for "
                                                    "you to see.")});
    lookup_free(lookup);
}

static void on_act(struct lookup *lookup)
{
    struct buf body = respond_body();
    if (statement_write(buf_str(&lookup->first), buf_str(&lookup->call.out), &body) != ERR_OK) {
        buf_done(&body);
        not_found(lookup);
        return;
    }
    respond_json(lookup->exchange, 200, &body, STR_NONE);
    lookup_free(lookup);
}

static void on_appeal(struct lookup *lookup)
{
    uint64_t act = 0;
    if (statement_find_act(buf_str(&lookup->call.out), lookup->part, &act) == ERR_OK) {
        lookup_go_on(lookup, act, on_act);
    } else {
        not_found(lookup);
    }
}

void appeals_api_statement(struct ask *ask)
{
    uint64_t appeal = 0;
    if (may_appeal(ask) && find_appeal(ask, &appeal)) {
        lookup_start(ask, &(struct lookup_options){.what = MODERATION_APPEALS,
                                                   .user = seen_by(ask),
                                                   .after = appeal - 1,
                                                   .limit = 1,
                                                   .part = appeal,
                                                   .found = on_appeal});
    }
}
