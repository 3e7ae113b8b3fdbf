// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/comments_rig_test.h"

#include "engine/embedded/carried.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/standing.h"
#include "engine/embedded/store_memory_test.h"
#include "wire/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void note(struct comments_rig *rig, struct str text)
{
    assert_true(rig->told_len + text.len < sizeof(rig->told));
    memcpy(rig->told + rig->told_len, text.at, text.len);
    rig->told_len += text.len;
    rig->told[rig->told_len] = '\0';
}

/* At the end of the stream's log: `row` has its kind, flags, user, cid and body. */
static void add_row(struct comments_rig *rig, int stream, struct store_row row)
{
    row.n = rig->next_n++;
    row.stream = rig->streams[stream].id;
    row.seq = ++rig->seq[stream];
    row.prev = rig->public_seq[stream];
    row.at_ms = 1000;
    row.segment = 1;
    assert_int_equal(store_rows_add(&rig->store, &row), ERR_OK);
    if ((row.flags & EVENT_FLAG_SHADOW) == 0) {
        rig->public_seq[stream] = row.seq;
    }
}

static void add_event(struct comments_rig *rig, int stream, enum event_kind kind, struct str body)
{
    add_row(rig, stream, (struct store_row){.kind = (uint8_t)kind, .body = body});
}

static int place_of(const struct comments_rig *rig, int64_t stream)
{
    return stream == rig->streams[0].id ? 0 : 1;
}

static enum err on_restore(struct restoring_out *out, const struct restoring_event *event,
                           uint64_t *ret_row_n)
{
    struct comments_rig *rig = (struct comments_rig *)(void *)out;
    const struct str comments = event->comments;
    char *body = malloc(comments.len + 32);
    assert_non_null(body);
    const int len = snprintf(body, comments.len + 32, "\"comments\":%.*s", STR_ARG(comments));
    *ret_row_n = rig->next_n;
    add_event(rig, place_of(rig, event->stream), EVENT_RESTORE,
              (struct str){.at = body, .len = (size_t)len});
    free(body);
    note(rig, comments);
    rig->restores += event->author.len == 0;
    rig->hidden_restores += str_eq(event->author, STR("eve"));
    return ERR_OK;
}

static enum err on_retract(struct restoring_out *out, int64_t stream, const uint64_t *seqs,
                           uint32_t count)
{
    struct comments_rig *rig = (struct comments_rig *)(void *)out;
    char text[32];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(text, sizeof(text), " %d:%llu", place_of(rig, stream),
                 (unsigned long long)seqs[i]);
        note(rig, str_of(text));
    }
    add_event(rig, place_of(rig, stream), EVENT_RETRACT, STR("\"seqs\":[]"));
    rig->retracts++;
    return ERR_OK;
}

int comments_rig_set_up(void **state)
{
    struct comments_rig *rig = calloc(1, sizeof(*rig));
    assert_non_null(rig);
    rig->out = (struct restoring_out){.restore = on_restore, .retract = on_retract};
    store_memory_begin(&rig->store, &rig->identity);
    for (int i = 0; i < 2; i++) {
        rig->streams[i] = (struct store_stream){.state = STREAM_LIVE, .retention_days = -1};
        assert_int_equal(
            store_streams_add(&rig->store, str_of(i == 0 ? "demo" : "other"), &rig->streams[i]),
            ERR_OK);
    }
    rig->next_n = 1;
    *state = rig;
    return 0;
}

int comments_rig_tear_down(void **state)
{
    struct comments_rig *rig = *state;
    store_memory_drop(&rig->store);
    free(rig);
    return 0;
}

void comments_rig_break_all(void **state, enum err (*work)(struct comments_rig *rig,
                                                           const struct comments_rig_break *at))
{
    for (enum store_breaks_what what = 0; what < STORE_BREAKS; what++) {
        bool has_broken = true;
        for (uint64_t n = 1; has_broken; n = store_breaks_next(n)) {
            struct comments_rig *rig = *state;
            struct store_breaks breaks;
            const struct comments_rig_break at = {.what = what, .n = n, .breaks = &breaks};
            const enum err err = work(rig, &at);
            has_broken = store_breaks_disarm(&breaks, &rig->store);
            assert_true(has_broken ? err != ERR_OK : err == ERR_OK);
            comments_rig_tear_down(state);
            comments_rig_set_up(state);
        }
    }
}

static uint64_t post(struct comments_rig *rig, int stream, uint8_t flags, const char *user,
                     const char *text)
{
    char body[4096];
    struct comment_id id;
    comment_id_write(rig->identity.id_key, rig->next_n, 1000, &id);
    snprintf(body, sizeof(body),
             "\"id\":\"%s\",\"at\":1000,\"user\":{\"id\":\"%s\"},\"text\":\"%s\"", id.text, user,
             text);
    add_row(rig, stream,
            (struct store_row){.kind = EVENT_COMMENT,
                               .flags = flags,
                               .user = str_of(user),
                               .cid = STR("c"),
                               .body = str_of(body)});
    return rig->seq[stream];
}

uint64_t comments_rig_post(struct comments_rig *rig, int stream, const char *user, const char *text)
{
    return post(rig, stream, 0, user, text);
}

uint64_t comments_rig_post_shadowed(struct comments_rig *rig, const char *user, const char *text)
{
    return post(rig, 0, EVENT_FLAG_SHADOW, user, text);
}

uint64_t comments_rig_pin(struct comments_rig *rig, uint64_t seq)
{
    struct store_row row;
    char body[4096];
    assert_int_equal(store_rows_at(&rig->store, rig->streams[0].id, seq, &row), ERR_OK);
    const int len = snprintf(body, sizeof(body),
                             "\"target\":%llu,\"comment\":{\"type\":\"comment\",\"stream\":"
                             "\"demo\",\"seq\":%llu,\"prev\":%llu,%.*s}",
                             (unsigned long long)seq, (unsigned long long)seq,
                             (unsigned long long)row.prev, STR_ARG(row.body));
    const uint64_t n = rig->next_n;
    add_event(rig, 0, EVENT_PIN, (struct str){.at = body, .len = (size_t)len});
    assert_int_equal(carried_add(&rig->store, rig->streams[0].id, seq, n), ERR_OK);
    return n;
}

struct removals_by comments_rig_by(struct comments_rig *rig, uint64_t act)
{
    return (struct removals_by){
        .store = &rig->store, .stream = rig->streams[0].id, .act = act, .wall_ms = 5000};
}

enum comment_state comments_rig_state(struct comments_rig *rig, uint64_t seq)
{
    struct standing standing;
    assert_int_equal(standing_at(&rig->store, rig->streams[0].id, seq, &standing), ERR_OK);
    return standing.state;
}

/* As transactions do that come after. */
static void redact_all(struct comments_rig *rig)
{
    bool is_left = true;
    while (is_left) {
        assert_int_equal(carried_redact(&rig->store, &is_left), ERR_OK);
    }
}

bool comments_rig_log_holds(struct comments_rig *rig, const char *text)
{
    char sql[256];
    redact_all(rig);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM log WHERE instr(body, '%s') > 0", text);
    return store_number(&rig->store, sql) > 0;
}

void comments_rig_finish(struct comments_rig *rig)
{
    bool is_done = false;
    for (int pieces = 0; !is_done; pieces++) {
        assert_true(pieces < 1000);
        assert_int_equal(removals_piece(&rig->store, 5000, &rig->out, &is_done), ERR_OK);
    }
}
