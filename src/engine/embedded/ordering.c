// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/ordering.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/must.h"
#include "base/mutant.h"
#include "engine/embedded/carried.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/held.h"
#include "engine/embedded/notice_out.h"
#include "engine/embedded/settings.h"
#include "engine/embedded/stamp.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/windows.h"

#include <stddef.h>

enum { BODY_BYTES_MAX = 64 << 10 };

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

static enum err write_all(struct ordering *ordering, const struct ordering_work *work,
                          struct moment now)
{
    TRY(ordering_refresh(ordering, now));
    TRY(work->fn(work->doer, now));
    return ordering_redact(ordering);
}

static enum err write_in(struct ordering *ordering, const struct ordering_work *work,
                         struct moment now)
{
    TRY(store_begin_write(ordering->store));
    const enum err err = write_all(ordering, work, now);
    if (err != ERR_OK) {
        store_rollback(ordering->store);
        return err;
    }
    return store_commit(ordering->store);
}

enum err ordering_write(struct ordering *ordering, const struct ordering_work *work,
                        struct moment now)
{
    ordering_begin(ordering);
    const enum err err = write_in(ordering, work, now);
    if (err != ERR_OK) {
        ordering_rollback(ordering);
        return err;
    }
    ordering_settle(ordering);
    return ERR_OK;
}

void ordering_sweep(struct ordering *ordering, struct moment now)
{
    budget_sweep(&ordering->budget, now.mono_ms);
    heads_trim(&ordering->heads);
}

void ordering_log_damage(struct str stream, uint64_t n)
{
    log_line(LOG_ERROR, "a row of the log is damaged and is not served", LOG_STR("stream", stream),
             LOG_I64("n", n));
}

enum err ordering_find(struct ordering *ordering, struct str stream, struct head **ret_head)
{
    uint64_t n = 0;
    const enum err err = heads_find(&ordering->heads, ordering->store, stream, ret_head, &n);
    if (err == ERR_GONE) {
        ordering_log_damage(stream, n);
    }
    return err;
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
