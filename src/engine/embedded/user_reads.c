// SPDX-License-Identifier: Apache-2.0
/* The newest comments are found downwards and told upwards; their texts are in the log, in the
 * evidence, or with what is held. */
#include "engine/embedded/user_reads.h"

#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/sanction_reads.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/sweeps.h"
#include "rules/house_json.h"
#include "wire/cursor.h"
#include "wire/json.h"
#include "wire/json_slice.h"

#include <stddef.h>

struct history {
    struct store *store;
    const struct user_page *page;
    struct sweeps sweeps;
    struct buf *out;
    struct buf author; // as in the newest comment
    uint64_t seqs[USER_COMMENTS_MAX];
    uint32_t count;
    uint64_t next; // what is older than that is the next page's; 0: there is none
    bool has_one;  // in "comments"
};

/* False: the page is full, and this one is the next one's. */
static bool take(struct history *history, uint64_t seq)
{
    if (history->count == history->page->limit) {
        history->next = history->seqs[history->count - 1];
        return false;
    }
    history->seqs[history->count++] = seq;
    return true;
}

static enum err find(struct history *history)
{
    sqlite3_stmt *walk = NULL;
    uint64_t last = 0;
    const uint64_t before = history->page->before;
    const struct store_range range = {.stream = history->page->stream,
                                      .upto = before == 0 ? SEQ_MAX : before - 1,
                                      .kinds = 1U << EVENT_COMMENT | 1U << EVENT_REMOVED,
                                      .newest_first = true};
    TRY(store_rows_range(history->store, &range, &walk));
    for (uint32_t looks = 0; looks < USER_ROWS_MAX; looks++) {
        struct store_row row;
        const enum err err = store_rows_next(history->store, walk, &row);
        if (err == ERR_NOT_FOUND) {
            return ERR_OK;
        }
        TRY(err == ERR_GONE ? ERR_OK : err);
        last = err == ERR_OK ? row.seq : last;
        if (err == ERR_OK && str_eq(row.user, history->page->user) && !take(history, row.seq)) {
            return ERR_OK;
        }
    }
    history->next = last; // it may be that none of theirs is older
    return ERR_OK;
}

static const char *state_name(enum comment_state state)
{
    static const char *const names[] = {[COMMENT_VISIBLE] = "visible",
                                        [COMMENT_HELD] = "held",
                                        [COMMENT_DELETED] = "deleted",
                                        [COMMENT_SHADOWED] = "shadowed"};
    return names[state];
}

static void note_author(struct history *history, struct str body)
{
    const struct str author = json_slice_member(body, STR("user"));
    if (author.len > 0) {
        buf_reset(&history->author);
        buf_add_str(&history->author, author);
    }
}

struct told {     // of a comment
    uint64_t seq; // 0: none
    struct str body;
    enum comment_state state;
    uint16_t marks;
};

static void write_comment(struct history *history, const struct told *told)
{
    struct buf *out = history->out;
    note_author(history, told->body);
    buf_add_str(out, history->has_one ? STR(",{") : STR("{"));
    history->has_one = true;
    json_write_member_str(out, "type", STR("comment"));
    json_write_member_str(out, "stream", history->page->name);
    if (told->seq != 0) {
        json_write_member_u64(out, "seq", told->seq);
    }
    if (told->body.len > 0) {
        buf_add_byte(out, ',');
        buf_add_str(out, told->body);
    }
    json_write_member_str(out, "state", str_of(state_name(told->state)));
    house_json_write_marks(out, told->marks);
    buf_add_byte(out, '}');
}

/* What is held after it was visible is removed in the log; the queue knows better. */
static enum err find_state(struct history *history, const struct store_row *row,
                           enum comment_state *ret_state)
{
    struct held_row held;
    TRY(removals_standing(history->store, &history->sweeps, row, ret_state));
    if (*ret_state != COMMENT_DELETED) {
        return ERR_OK;
    }
    const enum err err = held_find_placed(history->store, row->n, &held);
    if (err == ERR_OK && held.state == COMMENT_HELD) {
        *ret_state = COMMENT_HELD;
    }
    return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
}

static enum err tell(struct history *history, uint64_t seq)
{
    struct store_row row;
    struct evidence_row evidence;
    struct told told = {.seq = seq, .state = COMMENT_DELETED};
    TRY(store_rows_at(history->store, history->page->stream, seq, &row));
    TRY(find_state(history, &row, &told.state));
    told.marks = row.marks;
    if (row.kind == EVENT_COMMENT) {
        told.body = row.body;
        write_comment(history, &told);
        return ERR_OK;
    }
    const enum err err = evidence_find(history->store, history->page->stream, seq, &evidence);
    if (err == ERR_OK || err == ERR_NOT_FOUND) { // erased: that there was one is known still
        told.body = err == ERR_OK ? evidence.body : STR_NONE;
        write_comment(history, &told);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Erased, it has not even its id. */
static enum err tell_held(struct history *history, uint64_t n)
{
    struct held_row held;
    TRY(held_find(history->store, n, &held));
    const struct told told = {.body = held.body, .state = held.state, .marks = held.marks};
    if (!held_is_erased(&held)) {
        write_comment(history, &told);
    }
    return ERR_OK;
}

static enum err tell_unplaced(struct history *history)
{
    uint64_t ns[USER_COMMENTS_MAX];
    uint32_t count = 0;
    const struct held_by by = {.stream = history->page->stream, .user = history->page->user};
    TRY(held_by_user(history->store, &by, ns, history->page->limit, &count));
    for (uint32_t i = count; i > 0; i--) {
        const enum err err = tell_held(history, ns[i - 1]);
        TRY(err == ERR_GONE ? ERR_OK : err);
    }
    return ERR_OK;
}

static enum err tell_comments(struct history *history)
{
    json_write_name(history->out, "comments");
    buf_add_byte(history->out, '[');
    for (uint32_t i = history->count; i > 0; i--) {
        const enum err err = tell(history, history->seqs[i - 1]);
        if (err != ERR_GONE) {
            TRY(err);
        }
    }
    TRY(history->page->before == 0 ? tell_unplaced(history) : ERR_OK);
    buf_add_byte(history->out, ']');
    if (history->next != 0) {
        json_write_name(history->out, "before");
        buf_addf(history->out, "\"%llu\"", (unsigned long long)history->next);
    }
    json_write_member_bool(history->out, "more", history->next != 0);
    return buf_err(history->out);
}

static void tell_author(struct history *history)
{
    struct buf *out = history->out;
    json_write_name(out, "user");
    if (history->author.len > 0 && buf_ok(&history->author)) {
        buf_add_str(out, buf_str(&history->author));
        return;
    }
    buf_add_byte(out, '{');
    json_write_member_str(out, "id", history->page->user);
    json_write_member_str(out, "name", history->page->user);
    buf_add_byte(out, '}');
}

static enum err write_all(struct history *history)
{
    const struct sanction_page sanctions = {.stream = history->page->stream,
                                            .user = history->page->user,
                                            .wall_ms = history->page->wall_ms,
                                            .limit = USER_COMMENTS_MAX};
    TRY(find(history));
    TRY(tell_comments(history));
    tell_author(history);
    return sanction_reads_write(history->store, &sanctions, history->out);
}

enum err user_reads_write(struct store *store, const struct user_page *page, struct buf *out)
{
    struct history history = {.store = store, .page = page, .out = out};
    struct user_page bounded = *page;
    bounded.limit = page->limit < USER_COMMENTS_MAX ? page->limit : USER_COMMENTS_MAX;
    history.page = &bounded;
    TRY(sweeps_load(store, &history.sweeps));
    buf_init(&history.author, MEM_ENGINE, SIZE_MAX);
    const enum err err = write_all(&history);
    buf_done(&history.author);
    sweeps_done(&history.sweeps);
    return err;
}
