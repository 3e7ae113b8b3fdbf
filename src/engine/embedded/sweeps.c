// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/sweeps.h"

#include "base/mem.h"
#include "wire/json_slice.h"

#include <stddef.h>
#include <string.h>

enum { BEGIN_WITH = 8 };

struct loading {
    struct sweeps sweeps;
    uint32_t cap;
    struct buf names;
};

/* Names move while more of them come: until all are there a user is its place in them. */
static enum err take(struct loading *loading, sqlite3_stmt *query)
{
    struct sweeps *sweeps = &loading->sweeps;
    if (sweeps->count == loading->cap) {
        const uint32_t cap = loading->cap == 0 ? BEGIN_WITH : loading->cap * 2;
        struct sweep *items = mem_resize(MEM_ENGINE, sweeps->items, cap * sizeof(*items));
        if (items == NULL) {
            return ERR_NOMEM;
        }
        sweeps->items = items;
        loading->cap = cap;
    }
    const struct str user = store_column_text(query, 1);
    sweeps->items[sweeps->count++] = (struct sweep){
        .act = (uint64_t)sqlite3_column_int64(query, 0),
        .user = {.len = user.len},
        .stream = sqlite3_column_int64(query, 2),
        .left_n = (uint64_t)sqlite3_column_int64(query, 3),
        .is_lifted = sqlite3_column_int(query, 4) != 0,
        .upto_n = (uint64_t)sqlite3_column_int64(query, 5),
    };
    buf_add_str(&loading->names, user);
    return buf_err(&loading->names);
}

static void give_names(struct loading *loading)
{
    struct sweeps *sweeps = &loading->sweeps;
    size_t at = 0;
    sweeps->names = (char *)loading->names.bytes;
    for (uint32_t i = 0; i < sweeps->count; i++) {
        sweeps->items[i].user.at = sweeps->names == NULL ? "" : sweeps->names + at;
        at += sweeps->items[i].user.len;
    }
}

static enum err load(struct store *store, sqlite3_stmt *query, struct sweeps *ret_sweeps)
{
    struct loading loading = {.cap = 0};
    buf_init(&loading.names, MEM_ENGINE, SIZE_MAX);
    enum err err = ERR_OK;
    while (err == ERR_OK && (err = store_step(store, query)) == ERR_OK) {
        err = take(&loading, query);
    }
    give_names(&loading);
    if (err != ERR_NOT_FOUND) {
        sweeps_done(&loading.sweeps);
        return err;
    }
    *ret_sweeps = loading.sweeps;
    return ERR_OK;
}

enum err sweeps_load(struct store *store, struct sweeps *ret_sweeps)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_SWEEPS, &query));
    return load(store, query, ret_sweeps);
}

enum err sweeps_load_on(struct store *store, const struct store_row *row, struct sweeps *ret_sweeps)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_SWEEPS_ON, &query));
    store_bind_text(query, 1, row->user);
    return load(store, query, ret_sweeps);
}

void sweeps_done(struct sweeps *sweeps)
{
    mem_free(MEM_ENGINE, sweeps->items);
    mem_free(MEM_ENGINE, sweeps->names);
    *sweeps = (struct sweeps){.count = 0};
}

static int compare(struct str a, struct str b) // as SQLite orders text
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len == 0 ? 0 : memcmp(a.at, b.at, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The first of the user's. */
static uint32_t first_of(const struct sweeps *sweeps, struct str user)
{
    uint32_t low = 0;
    uint32_t high = sweeps->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare(sweeps->items[middle].user, user) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_in(const struct sweep *sweep, const struct store_row *row)
{
    return sweep->stream == 0 || sweep->stream == row->stream;
}

struct say {
    enum sweeps_say say;
    uint64_t newest_act;
};

static void judge_by(const struct sweeps *sweeps, struct str user, const struct store_row *row,
                     uint64_t after_act, struct say *say)
{
    for (uint32_t i = first_of(sweeps, user);
         i < sweeps->count && str_eq(sweeps->items[i].user, user); i++) {
        const struct sweep *sweep = &sweeps->items[i];
        if (row->n > sweep->left_n || sweep->act <= after_act || !is_in(sweep, row)) {
            continue;
        }
        const enum sweeps_say says = sweep->is_lifted ? SWEEPS_LIFTED : SWEEPS_REMOVED;
        say->say = says > say->say ? says : say->say;
        say->newest_act = sweep->act > say->newest_act ? sweep->act : say->newest_act;
    }
}

static struct say judge(const struct sweeps *sweeps, const struct store_row *row,
                        uint64_t after_act)
{
    struct say say = {.say = SWEEPS_NOTHING};
    if (sweeps->count > 0) {
        judge_by(sweeps, STR_NONE, row, after_act, &say);
    }
    if (sweeps->count > 0 && row->user.len > 0) {
        judge_by(sweeps, row->user, row, after_act, &say);
    }
    return say;
}

enum sweeps_say sweeps_judge(const struct sweeps *sweeps, const struct store_row *row,
                             uint64_t after_act)
{
    return judge(sweeps, row, after_act).say;
}

uint64_t sweeps_newest(const struct sweeps *sweeps, const struct store_row *row)
{
    return judge(sweeps, row, 0).newest_act;
}

uint64_t sweeps_each(const struct sweeps *sweeps, const struct store_row *row, uint64_t after,
                     uint32_t *at)
{
    while (*at < sweeps->count) {
        const struct sweep *sweep = &sweeps->items[(*at)++];
        const bool is_about =
            (sweep->user.len == 0 || str_eq(sweep->user, row->user)) && is_in(sweep, row);
        if (is_about && !sweep->is_lifted && row->n <= sweep->left_n && sweep->act > after) {
            return sweep->act;
        }
    }
    return 0;
}

/* ---- what carries comments ---- */

/* It stood there when the act was done; what restores since then hold is there again. */
static bool is_above(const struct sweep *sweep, const struct store_row *row)
{
    return row->n <= sweep->upto_n && is_in(sweep, row);
}

bool sweeps_are_above(const struct sweeps *sweeps, const struct store_row *row)
{
    for (uint32_t i = 0; i < sweeps->count; i++) {
        if (is_above(&sweeps->items[i], row)) {
            return true;
        }
    }
    return false;
}

static bool take_those_of(const struct sweeps *sweeps, const struct store_row *row, struct str user)
{
    for (uint32_t i = first_of(sweeps, user);
         i < sweeps->count && str_eq(sweeps->items[i].user, user); i++) {
        if (is_above(&sweeps->items[i], row)) {
            return true;
        }
    }
    return false;
}

bool sweeps_take_from(const struct sweeps *sweeps, const struct store_row *row, struct str author)
{
    if (take_those_of(sweeps, row, STR_NONE)) {
        return true;
    }
    if (author.len < 2) {
        return false;
    }
    if (memchr(author.at, '\\', author.len) == NULL) {
        return take_those_of(sweeps, row, (struct str){.at = author.at + 1, .len = author.len - 2});
    }
    for (uint32_t i = 0; i < sweeps->count; i++) { // few write their name so
        if (is_above(&sweeps->items[i], row) && json_slice_says(author, sweeps->items[i].user)) {
            return true;
        }
    }
    return false;
}

static bool names_by(const struct sweeps *sweeps, struct str user, uint64_t act,
                     const struct store_row *row)
{
    for (uint32_t i = first_of(sweeps, user);
         i < sweeps->count && str_eq(sweeps->items[i].user, user); i++) {
        if (sweeps->items[i].act == act && is_in(&sweeps->items[i], row)) {
            return true;
        }
    }
    return false;
}

bool sweeps_names(const struct sweeps *sweeps, uint64_t act, const struct store_row *row)
{
    return names_by(sweeps, STR_NONE, act, row) || names_by(sweeps, row->user, act, row);
}

bool sweeps_is_lifted(const struct sweeps *sweeps, uint64_t act)
{
    for (uint32_t i = 0; i < sweeps->count; i++) {
        if (sweeps->items[i].act == act) {
            return sweeps->items[i].is_lifted; // an act's are lifted together
        }
    }
    return false;
}

const struct sweep *sweeps_next(const struct sweeps *sweeps)
{
    const struct sweep *next = NULL;
    for (uint32_t i = 0; i < sweeps->count; i++) {
        if (next == NULL || sweeps->items[i].act < next->act) {
            next = &sweeps->items[i];
        }
    }
    return next;
}
