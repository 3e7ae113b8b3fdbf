// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/submits.h"

#include "base/hash.h"
#include "base/mutant.h"
#include "engine/embedded/act_audit.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/held.h"
#include "engine/embedded/house.h"
#include "engine/embedded/notice_out.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/standing.h"
#include "engine/embedded/store_acts.h"
#include "engine/embedded/young.h"

#include <stddef.h>
#include <stdio.h>

enum { MS_A_SECOND = 1000, QUEUE_FULL_MS = 5000 };

static void refuse(struct verdict *verdict, enum refusal refusal)
{
    verdict->end = SUBMIT_REFUSED;
    verdict->refusal = refusal;
}

/* ---- retries ---- */

/* One that names itself is taken once. */
static bool has_key(const struct submit *submit)
{
    return submit->cid.len > 0 && !mutant(DEDUPE_SKIPPED);
}

/* How the comment stands that was accepted under this key. ERR_NOT_FOUND: none was. */
static enum err find_accepted(struct ordering *ordering, const struct submit *submit,
                              struct standing *standing, struct event **ret_event)
{
    const struct store_dedupe_key key = {
        .stream = submit->stream, .user = submit->author.id, .cid = submit->cid};
    enum err err = store_dedupe_find(ordering->store, &ordering->dedupe, &key, &standing->n);
    if (err == ERR_OK) {
        err = standing_of(ordering->store, standing->n, standing);
        err = err == ERR_NOT_FOUND ? ERR_GONE : err; // it was there when it was compared
    }
    TRY(err);
    return standing_event(ordering->store, &ordering->identity, standing, ret_event);
}

/* True: it was one, and the verdict is made. */
static enum err judge_retry(struct ordering *ordering, const struct submit *submit,
                            struct verdict *verdict, bool *ret_is_retry)
{
    struct standing standing = {.n = 0};
    *ret_is_retry = false;
    if (!has_key(submit)) {
        return ERR_OK;
    }
    const enum err err = find_accepted(ordering, submit, &standing, &verdict->event);
    if (err == ERR_NOT_FOUND) {
        return ERR_OK;
    }
    *ret_is_retry = true;
    if (err == ERR_GONE || err == ERR_NOMEM) {
        if (err == ERR_GONE) {
            ordering_log_damage(submit->stream, standing.n);
        }
        refuse(verdict, err == ERR_GONE ? REFUSAL_STORE_DOWN : REFUSAL_OVERLOADED);
        return ERR_OK;
    }
    TRY(err);
    verdict->end = SUBMIT_DUPLICATE;
    verdict->state = standing.state;
    verdict->is_known = standing.n < ordering->next_n_before && standing.state == COMMENT_VISIBLE;
    return ERR_OK;
}

/* ---- may it be posted ---- */

struct judging { // of one submit
    struct verdict verdict;
    struct sanctions_found found;
    struct house_opinion opinion;
    uint64_t act;   // the sanction that holds or shadows it; 0: a rule, or none
    uint16_t marks; // of rules that mark, whatever became of it
};

/* The head of a stream that takes comments, or a refusal. */
static enum err judge_stream(struct ordering *ordering, const struct submit *submit,
                             struct verdict *verdict)
{
    struct head *head = NULL;
    const enum err err = ordering_find(ordering, submit->stream, &head);
    if (err == ERR_GONE || err == ERR_NOMEM) {
        refuse(verdict, err == ERR_GONE ? REFUSAL_STORE_DOWN : REFUSAL_OVERLOADED);
        return ERR_OK;
    }
    if (err != ERR_OK) {
        return err;
    }
    verdict->head = head;
    if (head->row.id == 0 && ordering->rules.streams_explicit) {
        refuse(verdict, REFUSAL_NO_STREAM);
    } else if (head->row.state == STREAM_ENDED) {
        refuse(verdict, REFUSAL_STREAM_ENDED);
    }
    return ERR_OK;
}

static void judge_sanctions(const struct sanctions_found *found, struct verdict *verdict)
{
    if (mutant(SANCTION_IGNORED)) {
        return;
    }
    if (found->ban != 0) {
        refuse(verdict, REFUSAL_BANNED);
    } else if (found->timeout != 0) {
        const int64_t left_ms = found->timeout_left_ms;
        refuse(verdict, REFUSAL_MUTED);
        verdict->retry_after_ms = left_ms < UINT32_MAX ? (uint32_t)left_ms : UINT32_MAX;
    } else if (found->warn != 0) {
        refuse(verdict, REFUSAL_MUST_ACKNOWLEDGE);
    }
    const uint64_t muted = found->timeout != 0 ? found->timeout : found->warn;
    verdict->act = found->ban != 0 ? found->ban : muted;
}

/* What is shadowed is there for its author. */
static bool may_reply(const struct submit *submit, const struct standing *standing)
{
    return standing->state == COMMENT_VISIBLE ||
           (standing->state == COMMENT_SHADOWED && str_eq(standing->user, submit->author.id));
}

/* What is set for the stream, read when it is first posted to. NULL: nothing, nor for all. */
static enum err find_house(const struct ordering *ordering, struct head *head,
                           struct house **ret_house)
{
    const bool has_none = head->row.rules.len == 0 && !ordering->has_all_rules;
    if (!has_none && head->house == NULL) {
        TRY(house_open(head->row.rules, &head->house));
    }
    *ret_house = has_none ? NULL : head->house;
    return ERR_OK;
}

static uint64_t user_of(const struct ordering *ordering, const struct submit *submit)
{
    return hash_str(ordering->identity.hash_key, submit->author.id);
}

static enum err ask_house(struct ordering *ordering, const struct submit *submit, struct moment now,
                          struct judging *judging)
{
    struct head *head = judging->verdict.head;
    struct house *house = NULL;
    TRY(find_house(ordering, head, &house));
    if (house == NULL || mutant(RULES_IGNORED)) {
        return ERR_OK;
    }
    const struct house_post post = {.text = submit->text,
                                    .traits = submit->has_traits ? &submit->traits : NULL,
                                    .facts = {.role_bits = submit->author.role_bits,
                                              .since_s = submit->author.since_s,
                                              .now_s = now.wall_ms / MS_A_SECOND,
                                              .now_ms = now.mono_ms,
                                              .hook_is_down = submit->wish.hook_is_down},
                                    .user = user_of(ordering, submit),
                                    .log = {.store = ordering->store,
                                            .stream = head->row.id,
                                            .hash_key = ordering->identity.hash_key,
                                            .mono_ms = now.mono_ms,
                                            .wall_ms = now.wall_ms}};
    return house_judge(house, &ordering->all_rules, &post, &judging->opinion);
}

/* House rules, what was wished before, and sanctions that do not refuse. */
static enum err judge_house(struct ordering *ordering, const struct submit *submit,
                            struct moment now, struct judging *judging)
{
    struct verdict *verdict = &judging->verdict;
    struct judgement *judgement = &judging->opinion.judgement;
    TRY(ask_house(ordering, submit, now, judging));
    verdict->asked_traits = judging->opinion.asked_traits;
    house_rules_add_wish(judgement, &submit->wish);
    if (ordering->tally != NULL) {
        rule_tally_count(ordering->tally, submit->stream, judgement);
    }
    judging->act = 0;
    judging->marks = (uint16_t)judgement->marks;
    /* What is held of everybody's is held of theirs, or they could tell: see act_queue.c. */
    const bool is_shadowed = judging->found.shadow != 0 && !mutant(SHADOW_IGNORED);
    const bool is_to_be_held = judging->found.hold != 0 && !mutant(HOLD_IGNORED);
    if (judgement->outcome < OUTCOME_HOLD && is_to_be_held) {
        *judgement = (struct judgement){.outcome = OUTCOME_HOLD};
        judging->act = judging->found.hold;
    } else if (judgement->outcome == OUTCOME_ALLOW && is_shadowed) {
        *judgement = (struct judgement){.outcome = OUTCOME_SHADOW};
        judging->act = judging->found.shadow;
    }
    if (judgement->outcome == OUTCOME_REFUSE) {
        refuse(verdict, judgement->refusal);
        verdict->retry_after_ms = judgement->retry_after_ms;
    }
    return ERR_OK;
}

static enum err judge_reply(struct ordering *ordering, const struct submit *submit,
                            struct verdict *verdict)
{
    struct standing standing = {.n = 0};
    uint64_t n = 0;
    int64_t at_ms = 0;
    if (submit->reply_to.len == 0) {
        return ERR_OK;
    }
    if (comment_id_parse(ordering->identity.id_key, submit->reply_to, &n, &at_ms) != ERR_OK) {
        refuse(verdict, REFUSAL_NO_COMMENT);
        return ERR_OK;
    }
    const enum err err = standing_of(ordering->store, n, &standing);
    if (err == ERR_GONE) {
        ordering_log_damage(submit->stream, n);
    }
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        refuse(verdict, REFUSAL_NO_COMMENT);
        return ERR_OK;
    }
    TRY(err);
    if (standing.stream != verdict->head->row.id || !may_reply(submit, &standing)) {
        refuse(verdict, REFUSAL_NO_COMMENT);
    }
    return ERR_OK;
}

static void judge_limits(const struct ordering *ordering, const struct submit *submit,
                         struct moment now, struct verdict *verdict)
{
    const struct budget_answer answer = budget_ask(&ordering->budget, submit, now.mono_ms);
    verdict->rate = answer.rate;
    if (answer.refusal != REFUSAL_NONE) {
        refuse(verdict, answer.refusal);
        verdict->retry_after_ms = answer.retry_after_ms;
    }
}

void submits_uncount(struct ordering *ordering, const struct submit *submit, struct moment now)
{
    budget_untake(&ordering->budget, submit, now.mono_ms);
}

/* ---- accepted ---- */

/* What a rule does to a comment is an act. */
static enum err note_rule(struct ordering *ordering, const struct judging *judging,
                          const struct comment_id *id, struct moment now, uint64_t *ret_act)
{
    const struct judgement *judgement = &judging->opinion.judgement;
    const struct head *head = judging->verdict.head;
    const struct actor by = {.kind = judgement->by_hook ? ACTOR_HOOK : ACTOR_RULE,
                             .id = judgement->rule};
    const enum act_do what = judgement->outcome == OUTCOME_HOLD ? ACT_HOLD : ACT_SHADOW;
    char target[COMMENT_ID_LEN + 8];
    snprintf(target, sizeof(target), "id:%s", id->text);
    struct store_act row = {
        .stream = head->row.id,
        .what = what,
        .key = store_acts_key(ordering->identity.hash_key, head->node.key, what, str_of(target)),
        .target = str_of(target),
        .seconds = -1,
        .at_ms = now.wall_ms};
    TRY(store_acts_add(ordering->store, &row));
    ordering->first_act = ordering->first_act == 0 ? row.id : ordering->first_act;
    const struct act_audit audit = {.chain = head->row.id,
                                    .stream = head->node.key,
                                    .act = row.id,
                                    .what = what,
                                    .by = &by,
                                    .target = str_of(target),
                                    .reason = judgement->term,
                                    .seconds = -1};
    struct notice_out_act told = {.audit = &audit, .at_ms = now.wall_ms};
    TRY(act_audit_add(ordering->store, &audit, now.wall_ms, &told.n));
    *ret_act = row.id;
    return notice_out_act(&ordering->outbox, judging->verdict.head, &told);
}

/* It waits for a moderator, under the number that its id names. */
static enum err put_in_queue(struct ordering *ordering, const struct submit *submit,
                             struct moment now, struct judging *judging)
{
    struct standing standing = {.state = COMMENT_HELD};
    const struct held_row row = {
        .n = ordering->next_n++,
        .stream = judging->verdict.head->row.id,
        .state = COMMENT_HELD,
        .act = judging->act,
        .at_ms = stamp_at(&judging->verdict.head->end, now.wall_ms),
        .due_ms =
            judging->opinion.judgement.approve_after_s == 0
                ? 0
                : now.wall_ms + judging->opinion.judgement.approve_after_s * (int64_t)MS_A_SECOND,
        .flags = submit->author.privileged ? EVENT_FLAG_PRIVILEGED : 0,
        .marks = judging->marks,
        .user = submit->author.id,
        .cid = submit->cid,
        .rule = judging->opinion.judgement.rule,
        .body = buf_str(&ordering->body),
    };
    TRY(held_add(ordering->store, &row, UINT64_MAX));
    TRY(standing_of(ordering->store, row.n, &standing));
    TRY(standing_event(ordering->store, &ordering->identity, &standing, &judging->verdict.event));
    judging->verdict.state = COMMENT_HELD;
    const struct event *event = judging->verdict.event;
    const struct notice_out_comment notice = {
        .type = "held",
        .id = comment_body_id((struct str){.at = event->body, .len = event->body_len}),
        .cid = submit->cid,
        .author = user_of(ordering, submit),
        .kind = ACTOR_RULE};
    return notice_out_comment(&ordering->outbox, judging->verdict.head, &notice);
}

static enum err put_in_log(struct ordering *ordering, const struct submit *submit,
                           struct moment now, struct judging *judging)
{
    struct event *event = NULL;
    const bool is_shadowed = judging->opinion.judgement.outcome == OUTCOME_SHADOW;
    const struct ordering_entry entry = {
        .head = judging->verdict.head,
        .kind = EVENT_COMMENT,
        .flags = (uint8_t)((submit->author.privileged ? EVENT_FLAG_PRIVILEGED : 0) |
                           (is_shadowed ? EVENT_FLAG_SHADOW : 0)),
        .marks = judging->marks,
        .user = submit->author.id,
        .cid = submit->cid,
        .asked_ms = submit->asked_mono_ms,
    };
    TRY(ordering_add(ordering, &entry, now, &event));
    judging->verdict.event = event_ref(event);
    judging->verdict.state = is_shadowed ? COMMENT_SHADOWED : COMMENT_VISIBLE;
    return ERR_OK;
}

static enum err add_dedupe(struct ordering *ordering, const struct submit *submit, uint64_t n)
{
    const struct store_dedupe_key key = {
        .stream = submit->stream, .user = submit->author.id, .cid = submit->cid};
    if (!has_key(submit) || mutant(DEDUPE_UNWRITTEN)) {
        return ERR_OK;
    }
    return store_dedupe_add(ordering->store, &ordering->dedupe, &key, n);
}

static enum err accept(struct ordering *ordering, const struct submit *submit, struct moment now,
                       struct judging *judging)
{
    struct head *head = judging->verdict.head;
    struct comment_id id;
    const struct judgement *judgement = &judging->opinion.judgement;
    const bool is_held = judgement->outcome == OUTCOME_HOLD;
    const bool is_by_rule = judgement->outcome != OUTCOME_ALLOW && judging->act == 0;
    const int64_t at_ms = stamp_at(&head->end, now.wall_ms);
    comment_id_write(ordering->identity.id_key, ordering->next_n, at_ms, &id);
    comment_body_write(&ordering->body, submit, &id, at_ms);
    if (!buf_ok(&ordering->body)) {
        return ERR_NOMEM;
    }
    TRY(ordering_ensure(ordering, head, now.wall_ms));
    TRY(add_dedupe(ordering, submit, ordering->next_n));
    const struct rank rank = {.stream = head->row.id,
                              .user = submit->author.id,
                              .user_hash = user_of(ordering, submit),
                              .roles = submit->author.privileged ? submit->author.role_bits : 0};
    TRY(ranks_note(&ordering->ranks, ordering->store, &rank));
    TRY(young_note(ordering->store, submit->author.id, submit->author.since_s,
                   now.wall_ms / MS_A_SECOND));
    if (is_by_rule) {
        TRY(note_rule(ordering, judging, &id, now, &judging->act));
    }
    TRY(is_held ? put_in_queue(ordering, submit, now, judging)
                : put_in_log(ordering, submit, now, judging));
    if (head->house != NULL) {
        heads_touch(&ordering->heads, head);
        const struct house_heard heard = {.likeness = judging->opinion.likeness,
                                          .user = rank.user_hash,
                                          .mono_ms = now.mono_ms,
                                          .state = judging->verdict.state};
        house_note(head->house, &heard);
    }
    judging->verdict.end = SUBMIT_DONE;
    return ERR_OK;
}

/* A queue that is full takes nothing more: what should be held is neither lost nor shown. */
static enum err judge_queue(struct ordering *ordering, struct judging *judging)
{
    const int64_t stream = judging->verdict.head->row.id;
    uint64_t waiting = 0;
    if (judging->opinion.judgement.outcome != OUTCOME_HOLD || stream == 0) {
        return ERR_OK;
    }
    TRY(held_count(ordering->store, stream, &waiting));
    if (waiting >= held_bound(ordering->rules.held_max)) {
        refuse(&judging->verdict, REFUSAL_OVERLOADED);
        judging->verdict.retry_after_ms = QUEUE_FULL_MS;
    }
    return ERR_OK;
}

/* Where it would be refused; in this order. */
static enum err judge_fresh(struct ordering *ordering, const struct submit *submit,
                            struct moment now, struct judging *judging)
{
    struct verdict *verdict = &judging->verdict;
    if (submit->unfit) {
        refuse(verdict, REFUSAL_UNFIT);
        return ERR_OK;
    }
    TRY(judge_stream(ordering, submit, verdict));
    if (verdict->end == SUBMIT_DONE) {
        judging->found = sanctions_find(&ordering->sanctions, verdict->head->row.id,
                                        submit->author.id, now.mono_ms);
        judge_sanctions(&judging->found, verdict);
    }
    if (verdict->end == SUBMIT_DONE) {
        TRY(judge_house(ordering, submit, now, judging));
    }
    if (verdict->end == SUBMIT_DONE) {
        TRY(judge_reply(ordering, submit, verdict));
    }
    if (verdict->end == SUBMIT_DONE) {
        judge_limits(ordering, submit, now, verdict);
    }
    return verdict->end == SUBMIT_DONE ? judge_queue(ordering, judging) : ERR_OK;
}

enum err submits_judge(struct ordering *ordering, const struct submit *submit, struct moment now,
                       struct verdict *ret_verdict)
{
    struct judging judging = {.verdict = {.end = SUBMIT_DONE, .state = COMMENT_VISIBLE}};
    bool is_retry = false;
    judging.verdict.rate = budget_rate(&ordering->budget, submit, now.mono_ms);
    TRY(judge_retry(ordering, submit, &judging.verdict, &is_retry));
    if (!is_retry) {
        TRY(judge_fresh(ordering, submit, now, &judging));
    }
    if (!is_retry && judging.verdict.end == SUBMIT_DONE) {
        TRY(budget_take(&ordering->budget, submit, now.mono_ms));
        const enum err err = accept(ordering, submit, now, &judging);
        if (err != ERR_OK) {
            submits_uncount(ordering, submit, now);
            event_unref(judging.verdict.event);
            return err;
        }
    }
    *ret_verdict = judging.verdict;
    return ERR_OK;
}
