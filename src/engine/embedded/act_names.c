// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_names.h"

#include "base/mem.h"
#include "engine/embedded/comment_id.h"
#include "wire/cursor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool cut_prefix(struct str target, struct str prefix, struct str *ret_rest)
{
    if (!str_has_prefix(target, prefix)) {
        return false;
    }
    *ret_rest = (struct str){.at = target.at + prefix.len, .len = target.len - prefix.len};
    return true;
}

static bool read_one(const struct act_case *act, const struct act_names *names, struct str text,
                     uint64_t *ret_number)
{
    int64_t at_ms = 0;
    if (names->are_ids) {
        const uint64_t key = act->ordering->identity.id_key;
        return comment_id_parse(key, text, ret_number, &at_ms) == ERR_OK;
    }
    return str_to_u64(text, SEQ_MAX, ret_number);
}

static uint32_t count_of(struct str list)
{
    uint32_t count = 0;
    while (list.len > 0) {
        (void)str_cut(list, ',', &list);
        count++;
    }
    return count;
}

enum err act_names_read(const struct act_case *act, struct str target, uint64_t after, uint32_t max,
                        struct act_names *ret_names)
{
    struct act_names names = {.are_ids = false};
    struct str rest = STR_NONE;
    names.are_ids = cut_prefix(target, STR("id:"), &rest) || cut_prefix(target, STR("ids:"), &rest);
    (void)cut_prefix(target, STR("seq:"), &rest);
    const uint32_t named = count_of(rest);
    names.numbers = mem_new(MEM_ENGINE, ((named < max ? named : max) + 1) * sizeof(*names.numbers));
    if (names.numbers == NULL) {
        return ERR_NOMEM;
    }
    while (rest.len > 0 && !names.has_more) {
        uint64_t number = 0;
        const bool is_new =
            read_one(act, &names, str_cut(rest, ',', &rest), &number) && number > after;
        if (is_new && names.count == max) {
            names.has_more = true;
        } else if (is_new) {
            names.numbers[names.count++] = number;
        }
    }
    *ret_names = names;
    return ERR_OK;
}

void act_names_done(struct act_names *names)
{
    mem_free(MEM_ENGINE, names->numbers);
    *names = (struct act_names){.count = 0};
}

enum err act_names_take_piece(struct act_case *act, struct str target, struct act_names *ret_names)
{
    TRY(act_names_read(act, target, act->place.at, ACT_CASE_PIECE, ret_names));
    act->is_left = ret_names->has_more;
    if (ret_names->count > 0) {
        act->place.at = ret_names->numbers[ret_names->count - 1];
    }
    return ERR_OK;
}

/* ---- found ---- */

enum err act_names_standing(const struct act_case *act, const struct act_names *names, uint32_t at,
                            struct standing *ret_standing)
{
    struct store *store = act->ordering->store;
    const int64_t stream = act_case_stream(act);
    const uint64_t number = names->numbers[at];
    if (stream == 0) {
        return ERR_NOT_FOUND;
    }
    const enum err err = names->are_ids ? standing_of(store, number, ret_standing)
                                        : standing_at(store, stream, number, ret_standing);
    const bool is_elsewhere = err == ERR_OK && ret_standing->stream != stream;
    return err == ERR_GONE || is_elsewhere ? ERR_NOT_FOUND : err;
}

enum err act_names_held(const struct act_case *act, const struct act_names *names, uint32_t at,
                        struct held_row *ret_held)
{
    struct standing standing = {.n = names->numbers[at]};
    if (!names->are_ids) {
        TRY(act_names_standing(act, names, at, &standing));
    }
    const enum err err = held_find(act->ordering->store, standing.n, ret_held);
    const bool is_elsewhere = err == ERR_OK && ret_held->stream != act_case_stream(act);
    return err == ERR_GONE || is_elsewhere ? ERR_NOT_FOUND : err;
}

/* ---- spared ---- */

static uint64_t *find_number(const struct act_names *names, uint64_t number)
{
    return names->count == 0 ? NULL
                             : bsearch(&number, names->numbers, names->count, sizeof(number),
                                       act_case_number_order);
}

static enum err spare_one(struct act_case *act, struct act_names *names, uint32_t claim)
{
    struct held_row held;
    uint64_t n = 0;
    int64_t at_ms = 0;
    const uint64_t key = act->ordering->identity.id_key;
    if (comment_id_parse(key, act->call->claimed[claim], &n, &at_ms) != ERR_OK) {
        return ERR_OK;
    }
    const enum err err = held_find(act->ordering->store, n, &held);
    if (err != ERR_OK || held.state != COMMENT_HELD || held.stream != act_case_stream(act)) {
        return err == ERR_NOT_FOUND || err == ERR_GONE ? ERR_OK : err;
    }
    uint64_t *number = find_number(names, names->are_ids ? n : held.seq);
    if (number != NULL) {
        const size_t behind = (size_t)(names->numbers + names->count - number) - 1;
        memmove(number, number + 1, behind * sizeof(*number));
        names->count--;
        act->verdict.claim = act->verdict.claim < claim ? act->verdict.claim : claim;
    }
    return ERR_OK;
}

/* The target again, of those that are left. */
static enum err name_rest(struct act_case *act, const struct act_names *names)
{
    struct str rest;
    struct buf target;
    const struct str kind = str_cut(buf_str(&act->target), ':', &rest);
    buf_init(&target, MEM_ENGINE, SIZE_MAX);
    buf_add_str(&target, kind);
    for (char before = ':'; rest.len > 0;) {
        uint64_t number = 0;
        const struct str text = str_cut(rest, ',', &rest);
        if (read_one(act, names, text, &number) && find_number(names, number) != NULL) {
            buf_add_byte(&target, (uint8_t)before);
            buf_add_str(&target, text);
            before = ',';
        }
    }
    buf_done(&act->target);
    act->target = target;
    act->key = act_case_key(act, act->call->act.what, buf_str(&act->target));
    return buf_err(&act->target);
}

enum err act_names_spare(struct act_case *act, struct act_names *names)
{
    const uint32_t count = names->count;
    act->verdict.claim = UINT32_MAX;
    for (uint32_t i = 0; i < act->call->claimed_count; i++) {
        TRY(spare_one(act, names, i));
    }
    if (names->count == count) {
        return ERR_OK;
    }
    if (names->count == 0) {
        act_case_refuse(act, ACT_REFUSAL_CLAIMED);
        return ERR_OK;
    }
    return name_rest(act, names);
}
