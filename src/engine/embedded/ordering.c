// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/ordering.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/must.h"
#include "base/mutant.h"
#include "engine/embedded/act_audit.h"
#include "engine/embedded/carried.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/held.h"
#include "engine/embedded/house.h"
#include "engine/embedded/notice_out.h"
#include "engine/embedded/settings.h"
#include "engine/embedded/sight.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/standing.h"
#include "engine/embedded/store_acts.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/windows.h"
#include "engine/embedded/young.h"
#include "rules/house_json.h"

#include <stddef.h>
#include <stdio.h>

enum { BODY_BYTES_MAX = 64 << 10, MS_A_SECOND = 1000, QUEUE_FULL_MS = 5000 };

static enum err read_next_n(struct ordering *ordering, uint64_t *ret_next_n)
{
    sqlite3_stmt *walk = NULL;
    struct store_row row = {.n = 0};
    uint64_t next_n = 0;
    TRY(store_schema_number(ordering->store, "next_n", &next_n));
    TRY(store_rows_newest(ordering->store, &walk));
    const enum err err = store_rows_next(ordering->store, walk, &row);
    if (err != ERR_OK && err != ERR_NOT_FOUND && err != ERR_GONE) {
        return err;
    }
    uint64_t held_n = 0;
    TRY(held_newest_n(ordering->store, &held_n));
    next_n = err != ERR_NOT_FOUND && row.n >= next_n ? row.n + 1 : next_n;
    *ret_next_n = held_n >= next_n ? held_n + 1 : next_n;
    return ERR_OK;
}

void ordering_set_all_rules(struct ordering *ordering, const struct house_rules *rules)
{
    house_rules_done(&ordering->all_rules);
    ordering->all_rules = *rules;
    ordering->has_all_rules = house_rules_are_set(rules);
}

/* What acts have put in force, as the store has it. */
static enum err load_acts(struct ordering *ordering, struct moment now)
{
    const struct sanctions_now at = {.mono_ms = now.mono_ms, .wall_ms = now.wall_ms};
    TRY(sanctions_load(&ordering->sanctions, ordering->store, at));
    const struct settings_of all = {
        .store = ordering->store, .hash_key = ordering->identity.hash_key, .wall_ms = now.wall_ms};
    struct house_rules rules;
    TRY(settings_read(&all, &rules));
    ordering_set_all_rules(ordering, &rules);
    ordering->is_acts_stale = false;
    return ERR_OK;
}

static enum err load(struct ordering *ordering, struct moment now)
{
    struct store_dedupe dedupe;
    uint64_t next_n = 0;
    TRY(store_begin_read(ordering->store));
    enum err err = read_next_n(ordering, &next_n);
    if (err == ERR_OK) {
        err = store_dedupe_open(ordering->store, ordering->identity.hash_key, now.mono_ms, &dedupe);
    }
    if (err == ERR_OK) {
        err = load_acts(ordering, now);
    }
    if (err == ERR_OK) {
        ordering->next_n = next_n;
        ordering->dedupe = dedupe;
    }
    store_rollback(ordering->store);
    return err;
}

enum err ordering_open(struct ordering *ordering, struct store *store,
                       const struct store_identity *identity, const struct embedded_rules *rules,
                       struct moment now)
{
    *ordering = (struct ordering){
        .store = store, .identity = *identity, .rules = *rules, .has_texts_due = true};
    heads_init(&ordering->heads, identity->hash_key);
    buf_init(&ordering->body, MEM_ENGINE, BODY_BYTES_MAX);
    buf_init(&ordering->staff, MEM_ENGINE, BODY_BYTES_MAX);
    house_rules_init(&ordering->all_rules);
    outbox_init(&ordering->outbox);
    sanctions_init(&ordering->sanctions, identity->hash_key);
    enum err err = budget_open(&ordering->budget, rules, identity->hash_key);
    if (err == ERR_OK) {
        err = load(ordering, now);
    }
    if (err == ERR_OK) {
        const struct windows_moment at = {.mono_ms = now.mono_ms, .wall_ms = now.wall_ms};
        err = windows_restore(store, ordering->budget.users, rules->post_user.window_ms, at);
    }
    if (err != ERR_OK) {
        ordering_close(ordering);
    }
    return err;
}

void ordering_close(struct ordering *ordering)
{
    budget_close(&ordering->budget);
    outbox_done(&ordering->outbox);
    sanctions_done(&ordering->sanctions);
    house_rules_done(&ordering->all_rules);
    heads_done(&ordering->heads);
    buf_done(&ordering->body);
    buf_done(&ordering->staff);
}

void ordering_set_rules(struct ordering *ordering, const struct embedded_rules *rules)
{
    ordering->rules = *rules;
    budget_set_rules(&ordering->budget, rules);
}

enum err ordering_reload(struct ordering *ordering, struct moment now)
{
    TRY(load(ordering, now));
    heads_stale(&ordering->heads);
    ranks_forget(&ordering->ranks);
    return ERR_OK;
}

void ordering_begin(struct ordering *ordering)
{
    must(ordering->outbox.count == 0);
    ordering->first_act = 0;
    buf_reset(&ordering->staff); // what follows from acts that are over names nobody
    ordering->next_n_before = ordering->next_n;
}

enum err ordering_refresh(struct ordering *ordering, struct moment now)
{
    return ordering->is_acts_stale ? load_acts(ordering, now) : ERR_OK;
}

enum err ordering_redact(struct ordering *ordering)
{
    return carried_redact(ordering->store, &ordering->has_texts_due);
}

void ordering_settle(struct ordering *ordering)
{
    heads_settle(&ordering->heads);
}

void ordering_rollback(struct ordering *ordering)
{
    outbox_clear(&ordering->outbox);
    ordering->is_acts_stale = ordering->is_acts_stale || ordering->first_act != 0;
    ordering->has_texts_due = true; // there may be
    heads_rollback(&ordering->heads);
    ranks_forget(&ordering->ranks);
    ordering->next_n = ordering->next_n_before;
}

void ordering_sweep(struct ordering *ordering, struct moment now)
{
    budget_sweep(&ordering->budget, now.mono_ms);
    heads_trim(&ordering->heads);
}

static void log_damage(struct str stream, uint64_t n)
{
    log_line(LOG_ERROR, "a row of the log is damaged and is not served", LOG_STR("stream", stream),
             LOG_I64("n", n));
}

enum err ordering_find(struct ordering *ordering, struct str stream, struct head **ret_head)
{
    uint64_t n = 0;
    const enum err err = heads_find(&ordering->heads, ordering->store, stream, ret_head, &n);
    if (err == ERR_GONE) {
        log_damage(stream, n);
    }
    return err;
}

static void refuse(struct verdict *verdict, enum refusal refusal)
{
    verdict->end = SUBMIT_REFUSED;
    verdict->refusal = refusal;
}

/* ---- retries ---- */

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
    if (submit->cid.len == 0 || mutant(DEDUPE_SKIPPED)) {
        return ERR_OK;
    }
    const enum err err = find_accepted(ordering, submit, &standing, &verdict->event);
    if (err == ERR_NOT_FOUND) {
        return ERR_OK;
    }
    *ret_is_retry = true;
    if (err == ERR_GONE || err == ERR_NOMEM) {
        if (err == ERR_GONE) {
            log_damage(submit->stream, standing.n);
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
    if (judgement->outcome == OUTCOME_ALLOW && is_shadowed) {
        *judgement = (struct judgement){.outcome = OUTCOME_SHADOW};
        judging->act = judging->found.shadow;
    } else if (judgement->outcome < OUTCOME_HOLD && is_to_be_held) {
        *judgement = (struct judgement){.outcome = OUTCOME_HOLD};
        judging->act = judging->found.hold;
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
        log_damage(submit->stream, n);
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

void ordering_uncount(struct ordering *ordering, const struct submit *submit, struct moment now)
{
    budget_untake(&ordering->budget, submit, now.mono_ms);
}

/* ---- its place in the order ---- */

enum err ordering_ensure(struct ordering *ordering, struct head *head, int64_t wall_ms)
{
    if (head->row.id != 0) {
        return ERR_OK;
    }
    heads_touch(&ordering->heads, head);
    head->row.created_ms = wall_ms;
    return store_streams_add(ordering->store, head->node.key, &head->row);
}

enum err ordering_add(struct ordering *ordering, const struct ordering_entry *entry,
                      struct moment now, struct event **ret_event)
{
    struct head *head = entry->head;
    const bool is_comment = entry->kind == EVENT_COMMENT;
    const struct stamp_event stamped = {
        .bytes = store_streams_segment_bytes(head->node.key.len, ordering->body.len),
        .is_comment = is_comment,
        .is_unprivileged = is_comment && (entry->flags & EVENT_FLAG_PRIVILEGED) == 0,
        .is_shadowed = (entry->flags & EVENT_FLAG_SHADOW) != 0,
    };
    struct stamp_place place;
    const struct store_end end = stamp_next(&head->end, now.wall_ms, &stamped, &place);
    const struct store_row row = {
        .n = ordering->next_n,
        .stream = head->row.id,
        .seq = end.seq,
        .prev = place.prev - (mutant(PREV_WRONG) ? 1 : 0),
        .segment = place.segment,
        .at_ms = end.at_ms,
        .kind = (uint8_t)entry->kind,
        .flags = entry->flags | place.flags,
        .marks = entry->marks,
        .rank = place.rank,
        .user = entry->user,
        .cid = entry->cid,
        .body = buf_str(&ordering->body),
        .staff = is_comment ? STR_NONE : buf_str(&ordering->staff),
    };
    struct event *event = store_rows_event(&row, ordering->identity.hash_key);
    if (event == NULL) {
        return ERR_NOMEM;
    }
    enum err err = store_rows_add(ordering->store, &row);
    if (err == ERR_OK) {
        err = outbox_add(&ordering->outbox, head, event, entry->asked_ms);
    }
    if (err == ERR_OK && entry->marks != 0) {
        err = notice_out_marked(&ordering->outbox, head, event, entry->marks);
    }
    event_unref(event);
    TRY(err);
    heads_touch(&ordering->heads, head);
    if (!mutant(HEAD_KEPT)) {
        head->end = end;
    }
    ordering->next_n++;
    *ret_event = event;
    return ERR_OK;
}

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
    if (submit->cid.len == 0 || mutant(DEDUPE_SKIPPED) || mutant(DEDUPE_UNWRITTEN)) {
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

enum err ordering_judge(struct ordering *ordering, const struct submit *submit, struct moment now,
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
            ordering_uncount(ordering, submit, now);
            event_unref(judging.verdict.event);
            return err;
        }
    }
    *ret_verdict = judging.verdict;
    return ERR_OK;
}

/* ---- streams ---- */

static enum err add_state(struct ordering *ordering, struct head *head, enum stream_state state,
                          struct str by, struct moment now)
{
    struct event *event = NULL;
    const struct ordering_entry entry = {.head = head, .kind = EVENT_STREAM};
    const int64_t at_ms = stamp_at(&head->end, now.wall_ms);
    comment_body_write_state(&ordering->body, state, at_ms);
    if (by.len > 0) {
        event_write_staff(&ordering->staff, by, STR_NONE, STR_NONE);
    }
    const bool is_whole = buf_ok(&ordering->body) && buf_ok(&ordering->staff);
    const enum err err = is_whole ? ordering_add(ordering, &entry, now, &event) : ERR_NOMEM;
    buf_reset(&ordering->staff);
    return err;
}

static void answer_stream(struct stream_call *call, const struct head *head)
{
    call->head = head->end.public_seq;
    call->now = head->row.state;
    call->retention_now = head->row.retention_days;
    call->created_ms = head->row.created_ms;
}

/* 0: leave it as it is. */
static enum stream_state state_asked(const struct stream_call *call)
{
    return call->what == STREAM_DO_END ? STREAM_ENDED : (enum stream_state)call->state;
}

enum err ordering_change(struct ordering *ordering, struct stream_call *call, struct moment now)
{
    struct head *head = NULL;
    const enum err found = ordering_find(ordering, call->stream, &head);
    if (found != ERR_OK && found != ERR_GONE) {
        return found;
    }
    const bool is_refused = head == NULL || (call->what == STREAM_DO_END && head->row.id == 0 &&
                                             ordering->rules.streams_explicit);
    if (is_refused) {
        call->result = head == NULL ? ERR_SYS : ERR_NOT_FOUND;
        return ERR_OK;
    }
    call->created = head->row.id == 0;
    TRY(ordering_ensure(ordering, head, now.wall_ms));
    heads_touch(&ordering->heads, head);
    if (call->what == STREAM_DO_PUT && call->retention_days >= 0) {
        head->row.retention_days = call->retention_days;
    }
    const enum stream_state state = state_asked(call);
    call->is_new_state = state != 0 && state != head->row.state;
    if (call->is_new_state) {
        TRY(add_state(ordering, head, state, call->by, now));
        head->row.state = state;
    }
    TRY(store_streams_set(ordering->store, &head->row));
    call->result = ERR_OK;
    answer_stream(call, head);
    return ERR_OK;
}

/* ---- what a watch is told ---- */

static enum err tell_settings(struct ordering *ordering, const struct head *head,
                              struct watch *watch)
{
    struct house_rules rules;
    struct house_json_fault fault;
    if (head->row.rules.len == 0 && !ordering->has_all_rules) {
        return ERR_OK;
    }
    if (house_json_read(head->row.rules, &rules, &fault) != ERR_OK) {
        house_rules_init(&rules);
    }
    buf_reset(&ordering->body);
    settings_write_public(&ordering->body, &rules, &ordering->all_rules);
    house_rules_done(&rules);
    TRY(buf_err(&ordering->body));
    watch->settings = event_new(buf_str(&ordering->body));
    if (watch->settings == NULL) {
        return ERR_NOMEM;
    }
    watch->settings->kind = EVENT_SETTINGS;
    return ERR_OK;
}

/* Of those that it was pinned in. */
struct telling {
    struct sweeps sweeps;
    struct buf copy; // of the row under way
};

static enum err tell_pins(struct ordering *ordering, const struct head *head,
                          struct telling *telling, struct watch *watch)
{
    struct store_pins pins;
    uint32_t count = 0;
    TRY(store_acts_pins(ordering->store, head->row.id, &pins));
    for (uint32_t i = 0; i < pins.count && count < PINS_MAX; i++) {
        struct store_row row = {.n = 0};
        const enum err err = store_rows_at(ordering->store, head->row.id, pins.seqs[i], &row);
        if (err == ERR_NOT_FOUND || err == ERR_GONE) {
            continue; // it expired, or is damaged
        }
        TRY(err);
        TRY(sight_clean(ordering->store, &telling->sweeps, &row, &telling->copy));
        watch->pins[count] = store_rows_event(&row, ordering->identity.hash_key);
        if (watch->pins[count] == NULL) {
            return ERR_NOMEM;
        }
        count++;
    }
    return ERR_OK;
}

static enum err tell_all_pins(struct ordering *ordering, const struct head *head,
                              struct watch *watch)
{
    struct telling telling;
    TRY(sweeps_load(ordering->store, &telling.sweeps));
    buf_init(&telling.copy, MEM_ENGINE, SIGHT_BYTES_MAX);
    const enum err err = tell_pins(ordering, head, &telling, watch);
    buf_done(&telling.copy);
    sweeps_done(&telling.sweeps);
    return err;
}

enum err ordering_tell(struct ordering *ordering, const struct head *head, struct watch *watch)
{
    TRY(tell_settings(ordering, head, watch));
    if (head->row.id == 0) {
        return ERR_OK;
    }
    TRY(store_begin_read(ordering->store));
    const enum err err = tell_all_pins(ordering, head, watch);
    store_rollback(ordering->store);
    return err;
}
