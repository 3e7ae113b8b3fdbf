// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/similar.h"

#include "base/map.h"
#include "base/mem.h"
#include "engine/embedded/comment_body.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/evidence.h"
#include "engine/embedded/held.h"
#include "engine/embedded/held_reads.h"
#include "engine/embedded/removals.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/sweeps.h"
#include "engine/embedded/young.h"
#include "rules/flocks.h"
#include "rules/fold.h"
#include "rules/house_json.h"
#include "rules/stem.h"
#include "rules/text_traits.h"
#include "wire/act.h"
#include "wire/cursor.h"
#include "wire/json.h"
#include "wire/json_slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Who is alike is what rules/flocks.h says; computed when it is asked: nothing of it is stored. */
enum { TEXT_BYTES_MAX = 16 << 10, FOUND_MAX = 2 * SIMILAR_COMMENTS_MAX };

struct found {       // a comment
    uint64_t n;      // its row of the log, or of the queue: in the order of time
    uint64_t seq;    // 0: it has no place
    uint32_t writer; // of view.writers
    uint32_t flock;  // of those that are alike: 1..; 0: none
    bool is_waiting;
    char id[COMMENT_ID_LEN];
};

struct writer { // somebody who wrote one of them
    struct map_node node;
    uint32_t told_in; // the group that named them last: 1..; 0: none did
    bool is_young;
    char name[ACT_USER_BYTES_MAX];
};

struct group {
    bool is_by_text;
    uint32_t first, count; // of found
};

struct view {
    struct store *store;
    const struct similar_question *question;
    uint32_t count, group_count, writer_count;
    uint32_t told; // groups
    struct flocks flocks;
    struct map by_name; // of writers
    struct group groups[FOUND_MAX / SIMILAR_LEAST + 1];
    struct writer writers[FOUND_MAX];
    struct found found[FOUND_MAX];
    struct found young[FOUND_MAX];
};

/* ---- found ---- */

/* As it stands in JSON: what is escaped there is escaped alike in all. */
static uint32_t flock_of(struct view *view, struct str body)
{
    struct buf folded;
    struct traits traits;
    struct str with_strokes, plain = STR_NONE;
    const struct str text = json_slice_member(body, STR("text"));
    if (text.len < 2) {
        return 0;
    }
    buf_init(&folded, MEM_ENGINE, fold_bytes_max(TEXT_BYTES_MAX));
    text_traits_find((struct str){.at = text.at + 1, .len = text.len - 2}, &folded, &traits);
    struct str usual = fold_usual(traits.folded, &with_strokes);
    const struct flock_text words = {.likeness = traits.likeness,
                                     .stem = fold_next(&usual, &plain) ? stem_of(plain) : 0,
                                     .reading = fold_loosest(traits.folded)};
    const uint32_t flock = flocks_join(&view->flocks, &words);
    buf_done(&folded);
    return flock;
}

static enum err is_young(const struct view *view, struct str user, bool *ret_is)
{
    int64_t since_s = 0;
    const enum err err = young_find(view->store, user, &since_s);
    *ret_is = err == ERR_OK && view->question->now_s - since_s < YOUNG_S;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err add_writer(struct view *view, struct str user)
{
    struct writer *writer = &view->writers[view->writer_count];
    memcpy(writer->name, user.at, user.len);
    writer->node.key = (struct str){.at = writer->name, .len = user.len};
    TRY(is_young(view, user, &writer->is_young));
    TRY(map_add(&view->by_name, &writer->node));
    view->writer_count++;
    return ERR_OK;
}

static enum err find_writer(struct view *view, struct str user, uint32_t *ret_writer)
{
    struct map_node *node = map_find(&view->by_name, user);
    if (node == NULL) {
        *ret_writer = view->writer_count;
        return add_writer(view, user);
    }
    *ret_writer = (uint32_t)(map_entry(node, struct writer, node) - view->writers);
    return ERR_OK;
}

struct text { // of a comment, as it stands in the log or the queue
    struct str user, body;
};

static enum err take(struct view *view, const struct found *like, const struct text *text)
{
    const struct str id = comment_body_id(text->body);
    struct found *found = &view->found[view->count];
    if (id.len != COMMENT_ID_LEN || text->user.len == 0 || text->user.len > ACT_USER_BYTES_MAX) {
        return ERR_OK; // it is none of ours
    }
    *found = *like;
    memcpy(found->id, id.at, COMMENT_ID_LEN);
    found->flock = flock_of(view, text->body);
    TRY(find_writer(view, text->user, &found->writer));
    view->count++;
    return ERR_OK;
}

/* Of one that was removed and is back the log has the place alone: what it says is kept where it
 * was put. ERR_NOT_FOUND: it was erased; ERR_GONE: damaged. */
static enum err seen_text(struct view *view, const struct store_row *row, struct text *ret_text)
{
    struct evidence_row evidence;
    if (row->kind == EVENT_COMMENT) {
        *ret_text = (struct text){.user = row->user, .body = row->body};
        return ERR_OK;
    }
    TRY(evidence_find(view->store, row->stream, row->seq, &evidence));
    *ret_text = (struct text){.user = evidence.user, .body = evidence.body};
    return ERR_OK;
}

static enum err take_seen(struct view *view, const struct sweeps *sweeps,
                          const struct store_row *row)
{
    const struct found found = {.n = row->n, .seq = row->seq};
    struct text text = {.user = STR_NONE};
    enum comment_state state = COMMENT_DELETED;
    TRY(removals_standing(view->store, sweeps, row, &state));
    if (state != COMMENT_VISIBLE) {
        return ERR_OK;
    }
    const enum err err = seen_text(view, row, &text);
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        return ERR_OK;
    }
    TRY(err);
    return take(view, &found, &text);
}

/* What cannot be read is not shown. */
static enum err take_held(struct view *view, const struct held_row *held)
{
    const struct found found = {.n = held->n, .seq = held->seq, .is_waiting = true};
    struct text text = {.user = held->user};
    const enum err err = held_reads_body(view->store, held, &text.body);
    if (err == ERR_NOT_FOUND || err == ERR_GONE) {
        return ERR_OK;
    }
    TRY(err);
    return take(view, &found, &text);
}

static enum err walk_queue(struct view *view)
{
    sqlite3_stmt *query = NULL;
    TRY(held_newest(view->store, view->question->stream, &query));
    for (uint32_t seen = 0; seen < SIMILAR_COMMENTS_MAX; seen++) {
        struct held_row held = {.n = 0};
        const enum err err = held_next(view->store, query, &held);
        if (err == ERR_NOT_FOUND) {
            return ERR_OK;
        }
        if (err != ERR_GONE) {
            TRY(err);
            TRY(take_held(view, &held));
        }
    }
    return ERR_OK;
}

static enum err walk(struct view *view, const struct sweeps *sweeps)
{
    const struct store_range range = {.stream = view->question->stream,
                                      .upto = SEQ_MAX,
                                      .kinds = 1U << EVENT_COMMENT,
                                      .newest_first = true};
    sqlite3_stmt *query = NULL;
    TRY(store_rows_range(view->store, &range, &query));
    for (uint32_t seen = 0; seen < SIMILAR_COMMENTS_MAX; seen++) {
        struct store_row row = {.n = 0};
        const enum err err = store_rows_next(view->store, query, &row);
        if (err == ERR_NOT_FOUND) {
            return ERR_OK;
        }
        if (err == ERR_GONE) {
            continue;
        }
        TRY(err);
        TRY(take_seen(view, sweeps, &row));
    }
    return ERR_OK;
}

/* ---- grouped ---- */

static int by_flock(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    if (left->flock != right->flock) {
        return left->flock > right->flock ? 1 : -1;
    }
    return (left->n > right->n) - (left->n < right->n);
}

static int by_time(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    return (left->n > right->n) - (left->n < right->n);
}

static int by_size(const void *a, const void *b)
{
    const struct group *left = a, *right = b;
    return (right->count > left->count) - (right->count < left->count);
}

static void add_group(struct view *view, bool is_by_text, uint32_t first, uint32_t count)
{
    if (count >= SIMILAR_LEAST) {
        view->groups[view->group_count++] =
            (struct group){.is_by_text = is_by_text, .first = first, .count = count};
    }
}

static void make_groups(struct view *view)
{
    uint32_t young = 0;
    qsort(view->found, view->count, sizeof(view->found[0]), by_flock);
    for (uint32_t first = 0, i = 1; i <= view->count && view->count > 0; i++) {
        if (i < view->count && view->found[i].flock == view->found[first].flock) {
            continue;
        }
        if (view->found[first].flock != 0) {
            add_group(view, true, first, i - first);
        }
        first = i;
    }
    for (uint32_t i = 0; i < view->count; i++) {
        if (view->writers[view->found[i].writer].is_young) {
            view->young[young++] = view->found[i];
        }
    }
    qsort(view->young, young, sizeof(view->young[0]), by_time);
    add_group(view, false, 0, young);
    qsort(view->groups, view->group_count, sizeof(view->groups[0]), by_size);
}

/* ---- written ---- */

/* The body with "since" among the members of its user. */
static enum err write_body(struct view *view, const struct text *text, struct buf *out)
{
    int64_t since_s = 0;
    const struct str body = text->body;
    const struct str user = json_slice_member(body, STR("user"));
    const enum err err = young_find(view->store, text->user, &since_s);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    if (err == ERR_NOT_FOUND || user.len < 2) {
        buf_add_str(out, body);
        return ERR_OK;
    }
    const size_t upto = (size_t)(user.at - body.at) + user.len - 1;
    buf_add(out, body.at, upto);
    json_write_member_i64(out, "since", since_s);
    buf_add(out, body.at + upto, body.len - upto);
    return ERR_OK;
}

/* Of what has a place, as it would be sent; what waits has none, or had. */
static enum err find_text(struct view *view, const struct found *found, struct buf *out,
                          struct text *ret_text, uint16_t *ret_marks)
{
    struct store_row row;
    struct held_row held;
    if (found->is_waiting) {
        TRY(held_find(view->store, found->n, &held));
        TRY(held_reads_body(view->store, &held, &ret_text->body));
        ret_text->user = held.user;
        *ret_marks = held.marks;
        return ERR_OK;
    }
    TRY(store_rows_get(view->store, found->n, &row));
    json_write_member_u64(out, "seq", row.seq);
    json_write_member_u64(out, "prev", row.prev);
    *ret_marks = row.marks;
    return seen_text(view, &row, ret_text);
}

static enum err write_comment(struct view *view, const struct found *found, struct buf *out)
{
    struct text text;
    uint16_t marks = 0;
    buf_add_byte(out, '{');
    json_write_member_str(out, "type", STR("comment"));
    json_write_member_str(out, "stream", view->question->name);
    if (found->is_waiting && found->seq != 0) {
        json_write_member_u64(out, "seq", found->seq);
    }
    TRY(find_text(view, found, out, &text, &marks));
    buf_add_byte(out, ',');
    TRY(write_body(view, &text, out));
    json_write_member_str(out, "state", found->is_waiting ? STR("held") : STR("visible"));
    house_json_write_marks(out, marks);
    buf_add_byte(out, '}');
    return ERR_OK;
}

/* The one that comes at `at` where those on screens come first: an act may be too short for all. */
static const struct found *seen_first(const struct found *found, uint32_t count, uint32_t *at)
{
    const uint32_t turn = (*at)++;
    const struct found *one = &found[turn % count];
    return one->is_waiting == (turn >= count) ? one : NULL;
}

/* Everybody who wrote one of them, once. */
static void write_users(struct view *view, const struct found *found, uint32_t count,
                        struct buf *out)
{
    const uint32_t group = ++view->told;
    bool is_first = true;
    json_write_name(out, "users");
    buf_add_byte(out, '[');
    for (uint32_t at = 0; at < 2 * count;) {
        const struct found *one = seen_first(found, count, &at);
        struct writer *writer = one == NULL ? NULL : &view->writers[one->writer];
        if (writer != NULL && writer->told_in != group) {
            writer->told_in = group;
            buf_add_str(out, is_first ? STR_NONE : STR(","));
            json_write_str(out, writer->node.key);
            is_first = false;
        }
    }
    buf_add_byte(out, ']');
}

static void write_names(const struct found *found, uint32_t count, struct buf *out)
{
    bool is_first = true;
    json_write_name(out, "seqs");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (found[i].seq != 0) {
            buf_add_str(out, is_first ? STR_NONE : STR(","));
            buf_add_u64(out, found[i].seq);
            is_first = false;
        }
    }
    buf_add_byte(out, ']');
    json_write_name(out, "ids");
    is_first = true;
    buf_add_byte(out, '[');
    for (uint32_t at = 0; at < 2 * count;) {
        const struct found *one = seen_first(found, count, &at);
        if (one != NULL) {
            buf_add_str(out, is_first ? STR_NONE : STR(","));
            json_write_str(out, (struct str){.at = one->id, .len = COMMENT_ID_LEN});
            is_first = false;
        }
    }
    buf_add_byte(out, ']');
}

static uint32_t count_waiting(const struct found *found, uint32_t count)
{
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < count; i++) {
        waiting += found[i].is_waiting;
    }
    return waiting;
}

static enum err write_group(struct view *view, const struct group *group, struct buf *out)
{
    const struct found *found = (group->is_by_text ? view->found : view->young) + group->first;
    const uint32_t limit = view->question->limit;
    const uint32_t shown = group->count < limit ? group->count : limit;
    buf_add_byte(out, '{');
    json_write_member_str(out, "why", group->is_by_text ? STR("text") : STR("new_accounts"));
    json_write_member_u64(out, "count", group->count);
    json_write_member_u64(out, "waiting", count_waiting(found, group->count));
    write_names(found, group->count, out);
    write_users(view, found, group->count, out);
    json_write_name(out, "comments");
    buf_add_byte(out, '[');
    for (uint32_t i = group->count - shown; i < group->count; i++) {
        buf_add_str(out, i == group->count - shown ? STR_NONE : STR(","));
        TRY(write_comment(view, &found[i], out));
    }
    buf_add_str(out, STR("]}"));
    return ERR_OK;
}

static enum err write_all(struct view *view, struct buf *out)
{
    json_write_name(out, "groups");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < view->group_count && i < SIMILAR_GROUPS_MAX; i++) {
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        TRY(write_group(view, &view->groups[i], out));
    }
    buf_add_byte(out, ']');
    return buf_err(out);
}

static enum err look(struct view *view, struct buf *out)
{
    struct sweeps sweeps;
    TRY(sweeps_load(view->store, &sweeps));
    enum err err = walk(view, &sweeps);
    sweeps_done(&sweeps);
    TRY(err);
    TRY(walk_queue(view));
    make_groups(view);
    return write_all(view, out);
}

enum err similar_write(struct store *store, const struct similar_question *question,
                       struct buf *out)
{
    struct view *view = mem_new(MEM_ENGINE, sizeof(*view));
    enum err err =
        view == NULL ? ERR_NOMEM : flocks_init(&view->flocks, FOUND_MAX, question->name_key);
    if (err == ERR_OK) {
        view->store = store;
        view->question = question;
        map_init(&view->by_name, MEM_ENGINE, question->name_key);
        err = look(view, out);
        map_done(&view->by_name);
        flocks_done(&view->flocks);
    }
    mem_free(MEM_ENGINE, view);
    return err;
}
