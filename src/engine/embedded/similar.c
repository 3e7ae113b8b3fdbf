// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/similar.h"

#include "base/hash.h"
#include "base/mem.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/sweeps.h"
#include "engine/embedded/young.h"
#include "rules/fold.h"
#include "rules/house_json.h"
#include "rules/sketch.h"
#include "rules/text_traits.h"
#include "wire/cursor.h"
#include "wire/json.h"
#include "wire/json_slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Alike are those of the same likeness (rules/text_traits.h), and with them those whose sketch is
 * near (rules/sketch.h); computed when it is asked: nothing of it is stored. */
enum { TEXT_BYTES_MAX = 16 << 10 };

static const uint64_t user_key = 0x73696D75736572; // nothing is kept under it

struct found { // a comment
    uint64_t n, seq, likeness;
    uint64_t user;  // a hash of who wrote it
    uint32_t crowd; // of those that are alike: 1..; 0: none
    bool is_young;
    struct sketch sketch;
};

struct group {
    bool is_by_text;
    uint32_t first, count; // of found
};

struct view {
    struct store *store;
    const struct similar_question *question;
    uint32_t count, group_count;
    struct group groups[SIMILAR_COMMENTS_MAX / SIMILAR_LEAST + 1];
    uint32_t firsts[SIMILAR_COMMENTS_MAX]; // of each crowd, in found
    struct found found[SIMILAR_COMMENTS_MAX];
    struct found young[SIMILAR_COMMENTS_MAX];
};

/* ---- found ---- */

/* As it stands in JSON: what is escaped there is escaped alike in all. */
static uint64_t likeness_of(struct str body, struct sketch *ret_sketch)
{
    struct buf folded;
    struct traits traits = {.likeness = 0};
    const struct str text = json_slice_member(body, STR("text"));
    if (text.len < 2) {
        sketch_draw(STR_NONE, ret_sketch);
        return 0;
    }
    buf_init(&folded, MEM_ENGINE, fold_bytes_max(TEXT_BYTES_MAX));
    text_traits_find((struct str){.at = text.at + 1, .len = text.len - 2}, &folded, &traits);
    sketch_draw(fold_loosest(traits.folded), ret_sketch);
    buf_done(&folded);
    return traits.likeness;
}

static bool is_young(const struct view *view, int64_t since_s)
{
    return view->question->now_s - since_s < YOUNG_S;
}

static enum err take(struct view *view, const struct store_row *row)
{
    int64_t since_s = 0;
    const enum err err = young_find(view->store, row->user, &since_s);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    struct found *found = &view->found[view->count++];
    *found = (struct found){
        .n = row->n, .seq = row->seq, .is_young = err == ERR_OK && is_young(view, since_s)};
    found->user = hash_str(user_key, row->user);
    found->likeness = likeness_of(row->body, &found->sketch);
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
        const bool is_seen = row.kind == EVENT_COMMENT && (row.flags & EVENT_FLAG_SHADOW) == 0 &&
                             sweeps_judge(sweeps, &row, 0) == SWEEPS_NOTHING;
        TRY(is_seen ? take(view, &row) : ERR_OK);
    }
    return ERR_OK;
}

/* ---- grouped ---- */

static int by_likeness(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    if (left->likeness != right->likeness) {
        return left->likeness > right->likeness ? 1 : -1;
    }
    return (left->seq > right->seq) - (left->seq < right->seq);
}

static int by_crowd(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    if (left->crowd != right->crowd) {
        return left->crowd > right->crowd ? 1 : -1;
    }
    return (left->seq > right->seq) - (left->seq < right->seq);
}

static int by_seq(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    return (left->seq > right->seq) - (left->seq < right->seq);
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

/* The crowd of those that the first of it is near; a new one, if there is none. */
static uint32_t crowd_of(struct view *view, uint32_t first, uint32_t *crowds)
{
    const struct found *found = &view->found[first];
    if (found->likeness == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < *crowds; i++) {
        if (sketch_is_near(&view->found[view->firsts[i]].sketch, &found->sketch)) {
            return i + 1;
        }
    }
    view->firsts[(*crowds)++] = first;
    return *crowds;
}

/* Those of one likeness are together by now. */
static void make_crowds(struct view *view)
{
    uint32_t crowds = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        struct found *found = &view->found[i];
        const bool is_same = i > 0 && found->likeness == found[-1].likeness;
        found->crowd = is_same ? found[-1].crowd : crowd_of(view, i, &crowds);
    }
}

static void make_groups(struct view *view)
{
    uint32_t young = 0;
    qsort(view->found, view->count, sizeof(view->found[0]), by_likeness);
    make_crowds(view);
    qsort(view->found, view->count, sizeof(view->found[0]), by_crowd);
    for (uint32_t first = 0, i = 1; i <= view->count && view->count > 0; i++) {
        if (i < view->count && view->found[i].crowd == view->found[first].crowd) {
            continue;
        }
        if (view->found[first].crowd != 0) {
            add_group(view, true, first, i - first);
        }
        first = i;
    }
    for (uint32_t i = 0; i < view->count; i++) {
        if (view->found[i].is_young) {
            view->young[young++] = view->found[i];
        }
    }
    qsort(view->young, young, sizeof(view->young[0]), by_seq);
    add_group(view, false, 0, young);
    qsort(view->groups, view->group_count, sizeof(view->groups[0]), by_size);
}

/* ---- written ---- */

/* The body with "since" among the members of its user. */
static enum err write_body(struct view *view, const struct store_row *row, struct buf *out)
{
    int64_t since_s = 0;
    const struct str user = json_slice_member(row->body, STR("user"));
    const enum err err = young_find(view->store, row->user, &since_s);
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    if (err == ERR_NOT_FOUND || user.len < 2) {
        buf_add_str(out, row->body);
        return ERR_OK;
    }
    const size_t upto = (size_t)(user.at - row->body.at) + user.len - 1;
    buf_add(out, row->body.at, upto);
    json_write_member_i64(out, "since", since_s);
    buf_add(out, row->body.at + upto, row->body.len - upto);
    return ERR_OK;
}

static enum err write_comment(struct view *view, const struct found *found, struct buf *out)
{
    struct store_row row;
    TRY(store_rows_get(view->store, found->n, &row));
    buf_add_byte(out, '{');
    json_write_member_str(out, "type", STR("comment"));
    json_write_member_str(out, "stream", view->question->name);
    json_write_member_u64(out, "seq", row.seq);
    json_write_member_u64(out, "prev", row.prev);
    buf_add_byte(out, ',');
    TRY(write_body(view, &row, out));
    house_json_write_marks(out, row.marks);
    buf_add_byte(out, '}');
    return ERR_OK;
}

static bool is_by_new_user(const struct found *found, uint32_t at)
{
    for (uint32_t before = 0; before < at; before++) {
        if (found[before].user == found[at].user) {
            return false;
        }
    }
    return true;
}

/* Everybody who wrote one of them, once. */
static enum err write_users(struct view *view, const struct found *found, uint32_t count,
                            struct buf *out)
{
    json_write_name(out, "users");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        struct store_row row;
        if (!is_by_new_user(found, i)) {
            continue;
        }
        TRY(store_rows_get(view->store, found[i].n, &row));
        buf_add_str(out, i == 0 ? STR_NONE : STR(","));
        json_write_str(out, row.user);
    }
    buf_add_byte(out, ']');
    return ERR_OK;
}

static enum err write_group(struct view *view, const struct group *group, struct buf *out)
{
    const struct found *found = group->is_by_text ? view->found : view->young;
    const uint32_t limit = view->question->limit;
    const uint32_t shown = group->count < limit ? group->count : limit;
    buf_add_byte(out, '{');
    json_write_member_str(out, "why", group->is_by_text ? STR("text") : STR("new_accounts"));
    json_write_member_u64(out, "count", group->count);
    json_write_name(out, "seqs");
    for (uint32_t i = 0; i < group->count; i++) {
        buf_add_byte(out, i == 0 ? '[' : ',');
        buf_add_u64(out, found[group->first + i].seq);
    }
    buf_add_byte(out, ']');
    TRY(write_users(view, found + group->first, group->count, out));
    json_write_name(out, "comments");
    buf_add_byte(out, '[');
    for (uint32_t i = group->count - shown; i < group->count; i++) {
        buf_add_str(out, i == group->count - shown ? STR_NONE : STR(","));
        TRY(write_comment(view, &found[group->first + i], out));
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

enum err similar_write(struct store *store, const struct similar_question *question,
                       struct buf *out)
{
    struct sweeps sweeps;
    TRY(sweeps_load(store, &sweeps));
    struct view *view = mem_new(MEM_ENGINE, sizeof(*view));
    enum err err = view == NULL ? ERR_NOMEM : ERR_OK;
    if (err == ERR_OK) {
        view->store = store;
        view->question = question;
        err = walk(view, &sweeps);
    }
    if (err == ERR_OK) {
        make_groups(view);
        err = write_all(view, out);
    }
    mem_free(MEM_ENGINE, view);
    sweeps_done(&sweeps);
    return err;
}
