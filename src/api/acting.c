// SPDX-License-Identifier: Apache-2.0
#include "api/acting.h"

#include "api/auth.h"
#include "api/held_claims.h"
#include "api/respond.h"
#include "base/mem.h"

/* On all streams at once, where no comment of one stream can be named. */
static bool is_for_all(const struct act *act)
{
    return act->at == ACT_AT_USERS || act->at == ACT_AT_ACT ||
           (act->at == ACT_AT_NOTHING && act->what != ACT_RULES);
}

static enum err read_request(struct acting *acting, const struct acting_options *options,
                             struct problem *ret_why)
{
    TRY(options->what == 0 ? act_read(options->request, &acting->read, ret_why)
                           : act_read_as(options->what, options->request, &acting->read, ret_why));
    struct act *act = &acting->read.act;
    if (options->target != 0) {
        act->at = ACT_AT_ACT;
        act->act = options->target;
        act->target_count = 1;
    }
    if (options->stream.len == 0 && !is_for_all(act)) {
        *ret_why = (struct problem){.code = PROBLEM_BAD_FIELD,
                                    .field = STR("do"),
                                    .detail = STR("A comment is of one stream: name that by the "
                                                  "path.")};
        return ERR_PROTO;
    }
    return ERR_OK;
}

/* ---- claims ---- */

static struct problem claimed(uint32_t left_ms)
{
    return (struct problem){.code = PROBLEM_CONFLICT,
                            .field = STR("id"),
                            .detail = STR("Another moderator looks at this one."),
                            .retry_after_ms = left_ms};
}

static bool judges_held(const struct act *act)
{
    return act->what == ACT_APPROVE || act->what == ACT_REJECT;
}

/* A delete of one asks nobody: what is on screens goes at once. */
static bool asks_claims(const struct act *act)
{
    return judges_held(act) || (act->what == ACT_DELETE && act->target_count > 1);
}

/* What others look at stays in the queue. */
static enum err find_claims(struct acting *acting, struct problem *ret_why)
{
    const struct held_claim of = {.stream = acting->act.stream, .user = acting->claims->sub};
    if (!asks_claims(&acting->read.act)) {
        return ERR_OK;
    }
    if (held_claims_of_others(desk_of(acting->server)->shared->held, &of,
                              desk_mono_ms(acting->server), &acting->others) != ERR_OK) {
        *ret_why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
        return ERR_DENIED;
    }
    acting->act.claimed = acting->others.ids;
    acting->act.claimed_count = acting->others.count;
    return ERR_OK;
}

struct acting_options acting_of(const struct ask *ask, const struct json *request, enum act_do what)
{
    return (struct acting_options){.server = ask->server,
                                   .claims = ask->claims,
                                   .stream = ask->stream,
                                   .request = request,
                                   .what = what};
}

enum err acting_new(const struct acting_options *options, struct acting **ret_acting,
                    struct problem *ret_why)
{
    struct acting *acting = mem_new(MEM_CONN, sizeof(*acting));
    if (acting == NULL) {
        *ret_why = (struct problem){.code = PROBLEM_OVERLOADED, .retry_after_ms = 1000};
        return ERR_DENIED;
    }
    if (read_request(acting, options, ret_why) != ERR_OK) {
        acting_free(acting);
        return ERR_DENIED;
    }
    acting->server = options->server;
    acting->claims = claims_ref(options->claims);
    acting->request = json_share(options->request);
    if (options->stream.len > 0) {
        ask_keep_name(&acting->stream, options->stream);
    }
    acting->act.stream = ask_kept_name(&acting->stream);
    acting->act.act = acting->read.act;
    acting->act.by = (struct actor){.kind = ACTOR_USER,
                                    .id = acting->claims->sub,
                                    .role_bits = acting->claims->role_bits,
                                    .is_for_all = auth_is_admin_of_all(acting->claims)};
    if (find_claims(acting, ret_why) != ERR_OK) {
        acting_free(acting);
        return ERR_DENIED;
    }
    *ret_acting = acting;
    return ERR_OK;
}

void acting_free(struct acting *acting)
{
    if (acting->is_away) {
        return; // on_acted() does it
    }
    act_read_done(&acting->read);
    held_claims_found_done(&acting->others);
    json_free(acting->request);
    claims_unref(acting->claims);
    mem_free(MEM_CONN, acting);
}

static void count(struct acting *acting, enum act_end end)
{
    struct api *api = desk_of(acting->server);
    metric_count(&api->acts[acting->read.act.what][end], 1);
    metric_observe(&api->act_ms, (uint64_t)(desk_mono_ms(acting->server) - acting->started_ms));
}

static const struct problem refusals[] = {
    [ACT_REFUSAL_NONE] = {.code = PROBLEM_INTERNAL},
    [ACT_REFUSAL_NO_STREAM] = {.code = PROBLEM_NO_STREAM,
                               .detail = STR("Nobody has made this stream.")},
    [ACT_REFUSAL_NO_COMMENT] = {.code = PROBLEM_NO_COMMENT,
                                .detail = STR("The stream has no such comment.")},
    [ACT_REFUSAL_NOT_FOUND] = {.code = PROBLEM_NOT_FOUND,
                               .field = STR("act"),
                               .detail = STR("There is no such act for you to speak of.")},
    [ACT_REFUSAL_OWN] = {.code = PROBLEM_FORBIDDEN,
                         .detail = STR("Nobody lifts what was done to themselves, nor decides "
                                       "their own appeal.")},
    [ACT_REFUSAL_HIGHER_ROLE] = {.code = PROBLEM_WRONG_ROLE,
                                 .detail = STR("Nobody acts on someone of a higher role.")},
    [ACT_REFUSAL_STATE] = {.code = PROBLEM_CONFLICT,
                           .detail = STR("It does not stand as this act needs it: look again.")},
    [ACT_REFUSAL_BAD_VALUE] = {.code = PROBLEM_BAD_FIELD, .field = STR("value")},
    [ACT_REFUSAL_OVERLOADED] = {.code = PROBLEM_OVERLOADED,
                                .detail = STR("Too many acts wait. Nothing was done; send it "
                                              "again."),
                                .retry_after_ms = 1000},
    [ACT_REFUSAL_STORE_DOWN] = {.code = PROBLEM_STORE_DOWN,
                                .detail = STR("The store cannot write at the moment. Nothing was "
                                              "done; send it again."),
                                .retry_after_ms = 1000},
    [ACT_REFUSAL_CLAIMED] = {.code = PROBLEM_CONFLICT, .field = STR("id")},
    [ACT_REFUSAL_DRAINING] = {.code = PROBLEM_DRAINING,
                              .detail = STR("A new server takes over at this moment. Nothing was "
                                            "done; send it again, over a new connection."),
                              .retry_after_ms = 1000},
};

/* Why it cannot be done as things stand; the others have the words above. */
static const struct str conflicts[ACTS] = {
    [ACT_HOLD] = STR("It is on no screen: it waits, or was removed."),
    [ACT_RESTORE] = STR("Nothing in force removes it."),
    [ACT_APPROVE] = STR("It does not wait: it was decided, or removed, since."),
    [ACT_REJECT] = STR("It does not wait: it was decided, or removed, since."),
    [ACT_UNBAN] = STR("It holds in all streams, and is lifted there."),
    [ACT_UNSHADOW] = STR("It holds in all streams, and is lifted there."),
    [ACT_TIMEOUT] = STR("It holds in all streams, and is lifted there."),
    [ACT_PIN] = STR("It is not visible, and only what is can be pinned."),
    [ACT_UNDO] = STR("Such an act is not undone: do what is wanted as one of its own."),
    [ACT_APPEAL] = STR("No act that can be appealed against removes it, or half a year is over."),
    [ACT_DECIDE] = STR("It was decided otherwise."),
};

/* The call is the port's still: nothing of it is looked at. */
static void on_late(struct overdue_entry *entry)
{
    struct acting *acting = list_entry(entry, struct acting, overdue);
    acting->is_late = true;
    count(acting, ACT_UNKNOWN);
    acting->answered(acting);
}

static void on_acted(struct call *call)
{
    struct acting *acting = (struct acting *)(void *)call;
    acting->is_away = false;
    if (acting->is_late) {
        acting_free(acting);
        return;
    }
    overdue_remove(&acting->overdue);
    count(acting, acting->act.end);
    acting->answered(acting);
}

_Static_assert(offsetof(struct acting, act) == 0 && offsetof(struct act_call, call) == 0,
               "a call of an act is its acting");

void acting_start(struct acting *acting, void (*answered)(struct acting *acting), void *user)
{
    acting->answered = answered;
    acting->user = user;
    acting->started_ms = desk_mono_ms(acting->server);
    acting->act.call.home = desk_home(acting->server);
    acting->act.call.done = on_acted;
    acting->is_away = true;
    overdue_add(desk_overdue(acting->server), &acting->overdue, on_late);
    port_act(desk_of(acting->server)->shared->port, &acting->act);
}

void acting_ask(struct ask *ask, const struct acting_options *options,
                void (*answered)(struct acting *acting))
{
    struct acting *acting = NULL;
    struct problem why;
    if (acting_new(options, &acting, &why) == ERR_OK) {
        acting_start(acting, answered, ask->exchange);
    } else {
        respond_problem(ask->exchange, &why);
    }
}

enum err acting_result(const struct acting *acting, struct problem *ret_why)
{
    const struct act_call *act = &acting->act;
    if (acting->is_late || act->end == ACT_UNKNOWN) {
        *ret_why = (struct problem){.code = PROBLEM_STORE_DOWN,
                                    .detail = STR("The outcome is unknown. Send it again: what is "
                                                  "in force by then is a duplicate."),
                                    .retry_after_ms = 1000};
        return ERR_DENIED;
    }
    if (act->end != ACT_REFUSED) {
        return ERR_OK;
    }
    if (act->refusal == ACT_REFUSAL_CLAIMED) {
        *ret_why = claimed(acting->others.left_ms[act->claim]);
        return ERR_DENIED;
    }
    *ret_why = refusals[act->refusal];
    if (act->refusal == ACT_REFUSAL_BAD_VALUE) {
        ret_why->detail = str_of(act->detail);
        ret_why->field = act->act.what == ACT_RULES ? STR("rules") : ret_why->field;
    }
    if (act->refusal == ACT_REFUSAL_STATE && conflicts[act->act.what].len > 0) {
        ret_why->detail = conflicts[act->act.what];
    }
    if (act->retry_after_ms > 0 && ret_why->retry_after_ms > 0) {
        ret_why->retry_after_ms = act->retry_after_ms;
    }
    return ERR_DENIED;
}

/* What becomes of comments that it names is known of each. */
static bool tells_changed(const struct act_call *call)
{
    const enum act_do what = call->act.what;
    const bool is_of_comments = what == ACT_DELETE || what == ACT_HOLD || what == ACT_RESTORE ||
                                what == ACT_APPROVE || what == ACT_REJECT;
    return call->end == ACT_DONE && is_of_comments && call->act.at != ACT_AT_USERS;
}

void acting_write(const struct acting *acting, struct buf *out)
{
    char id[ACT_ID_TEXT_MAX];
    act_id_write(acting->act.act_n, id);
    buf_add_byte(out, '{');
    json_write_member_str(out, "act", str_of(id));
    if (acting->act.seq > 0) {
        json_write_member_u64(out, "seq", acting->act.seq);
    }
    if (tells_changed(&acting->act)) {
        json_write_member_u64(out, "changed", acting->act.changed);
    }
    if (acting->act.end == ACT_DUPLICATE) {
        json_write_member_bool(out, "duplicate", true);
    }
    buf_add_byte(out, '}');
}
