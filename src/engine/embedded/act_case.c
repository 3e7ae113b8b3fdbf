// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_case.h"

#include "base/hash.h"
#include "base/mutant.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/sanctions.h"
#include "engine/embedded/standing.h"
#include "rules/claims.h"
#include "wire/json.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void act_case_refuse(struct act_case *act, enum act_refusal refusal)
{
    act->verdict.end = ACT_REFUSED;
    act->verdict.refusal = refusal;
}

void act_case_refuse_value(struct act_case *act, const char *why)
{
    act_case_refuse(act, ACT_REFUSAL_BAD_VALUE);
    snprintf(act->verdict.detail, sizeof(act->verdict.detail), "%s", why);
}

void act_case_repeat(struct act_case *act, const struct store_act *before)
{
    const uint64_t first = act->ordering->first_act;
    act->verdict.end = ACT_DUPLICATE;
    act->verdict.act_n = before->id;
    act->verdict.seq = before->seq;
    act->verdict.is_known = first == 0 || before->id < first;
}

int64_t act_case_stream(const struct act_case *act)
{
    return act->head == NULL ? 0 : act->head->row.id;
}

struct str act_case_stream_name(const struct act_case *act)
{
    return act->head == NULL ? STR_NONE : act->head->node.key;
}

/* ---- targets ---- */

int act_case_number_order(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int compare_users(const void *a, const void *b)
{
    const struct str *x = a;
    const struct str *y = b;
    const size_t len = x->len < y->len ? x->len : y->len;
    const int order = len == 0 ? 0 : memcmp(x->at, y->at, len);
    if (order != 0) {
        return order;
    }
    return x->len < y->len ? -1 : x->len > y->len;
}

/* In order and each once, so that the same targets are the same text. */
static enum err write_seqs(struct buf *out, const struct act *asked)
{
    uint64_t *seqs = mem_new(MEM_ENGINE, asked->target_count * sizeof(*seqs));
    if (seqs == NULL) {
        return ERR_NOMEM;
    }
    memcpy(seqs, asked->seqs, asked->target_count * sizeof(*seqs));
    qsort(seqs, asked->target_count, sizeof(*seqs), act_case_number_order);
    buf_add_str(out, STR("seq:"));
    for (uint32_t i = 0; i < asked->target_count; i++) {
        if (i == 0 || seqs[i] != seqs[i - 1]) {
            buf_add_str(out, i == 0 ? STR_NONE : STR(","));
            buf_add_u64(out, seqs[i]);
        }
    }
    mem_free(MEM_ENGINE, seqs);
    return buf_err(out);
}

/* By number and each once; what is no id of this store is left out. */
struct named {
    uint64_t n;
    struct str id;
};

static int by_number(const void *a, const void *b)
{
    const uint64_t x = ((const struct named *)a)->n;
    const uint64_t y = ((const struct named *)b)->n;
    return (x > y) - (x < y);
}

static uint32_t parse_ids(const struct act_case *act, struct named *named)
{
    const struct act *asked = &act->call->act;
    uint32_t count = 0;
    for (uint32_t i = 0; i < asked->target_count; i++) {
        int64_t at_ms = 0;
        const uint64_t key = act->ordering->identity.id_key;
        named[count].id = asked->ids[i];
        count += comment_id_parse(key, asked->ids[i], &named[count].n, &at_ms) == ERR_OK;
    }
    return count;
}

static enum err write_ids(const struct act_case *act, struct buf *out)
{
    struct named *named = mem_new(MEM_ENGINE, act->call->act.target_count * sizeof(*named));
    if (named == NULL) {
        return ERR_NOMEM;
    }
    const uint32_t count = parse_ids(act, named);
    qsort(named, count, sizeof(*named), by_number);
    buf_add_str(out, STR("ids:"));
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || named[i].n != named[i - 1].n) {
            buf_add_str(out, i == 0 ? STR_NONE : STR(","));
            buf_add_str(out, named[i].id);
        }
    }
    mem_free(MEM_ENGINE, named);
    return buf_err(out);
}

static enum err write_users(struct buf *out, const struct act *asked)
{
    if (asked->target_count == 1) {
        buf_add_str(out, STR("user:"));
        buf_add_str(out, asked->users[0]);
        return buf_err(out);
    }
    struct str *users = mem_new(MEM_ENGINE, asked->target_count * sizeof(*users));
    if (users == NULL) {
        return ERR_NOMEM;
    }
    memcpy(users, asked->users, asked->target_count * sizeof(*users));
    qsort(users, asked->target_count, sizeof(*users), compare_users);
    buf_add_str(out, STR("users:["));
    for (uint32_t i = 0; i < asked->target_count; i++) {
        if (i == 0 || !str_eq(users[i], users[i - 1])) {
            buf_add_str(out, i == 0 ? STR_NONE : STR(","));
            json_write_str(out, users[i]);
        }
    }
    buf_add_byte(out, ']');
    mem_free(MEM_ENGINE, users);
    return buf_err(out);
}

enum err act_case_write_target(struct act_case *act)
{
    const struct act *asked = &act->call->act;
    char id[ACT_ID_TEXT_MAX];
    switch (asked->at) {
    case ACT_AT_SEQS:
        return write_seqs(&act->target, asked);
    case ACT_AT_IDS:
        return write_ids(act, &act->target);
    case ACT_AT_USERS:
        return write_users(&act->target, asked);
    case ACT_AT_ID:
        buf_add_str(&act->target, STR("id:"));
        buf_add_str(&act->target, asked->id);
        break;
    case ACT_AT_ACT:
        act_id_write(asked->act, id);
        buf_add_str(&act->target, STR("act:"));
        buf_add_str(&act->target, str_of(id));
        break;
    case ACT_AT_NOTHING:
        break;
    }
    return buf_err(&act->target);
}

enum err act_case_standing(const struct act_case *act, struct str id, struct standing *ret_standing)
{
    uint64_t n = 0;
    int64_t at_ms = 0;
    if (comment_id_parse(act->ordering->identity.id_key, id, &n, &at_ms) != ERR_OK) {
        return ERR_NOT_FOUND;
    }
    TRY(standing_of(act->ordering->store, n, ret_standing));
    return act_case_stream(act) != 0 && ret_standing->stream == act_case_stream(act)
               ? ERR_OK
               : ERR_NOT_FOUND;
}

void act_case_name_seq(struct act_case *act, uint64_t seq)
{
    buf_reset(&act->target);
    buf_add_str(&act->target, STR("seq:"));
    buf_add_u64(&act->target, seq);
    act->key = act_case_key(act, act->call->act.what, buf_str(&act->target));
}

void act_case_name_id(struct act_case *act, uint64_t n, int64_t at_ms)
{
    struct comment_id id;
    comment_id_write(act->ordering->identity.id_key, n, at_ms, &id);
    buf_reset(&act->target);
    buf_add_str(&act->target, STR("id:"));
    buf_add_str(&act->target, (struct str){.at = id.text, .len = COMMENT_ID_LEN});
    act->key = act_case_key(act, act->call->act.what, buf_str(&act->target));
}

uint64_t act_case_key(const struct act_case *act, enum act_do what, struct str target)
{
    return store_acts_key(act->ordering->identity.hash_key, act_case_stream_name(act), what,
                          target);
}

uint64_t act_case_own_key(const struct act_case *act)
{
    const struct act *asked = &act->call->act;
    const uint64_t key = act_case_key(act, asked->what, buf_str(&act->target));
    if (asked->what == ACT_WARN && !mutant(WARNING_REPLACED)) {
        return hash_str(key, asked->value);
    }
    return asked->what == ACT_ACKNOWLEDGE ? hash_str(key, act->call->by.id) : key;
}

static enum err take_users(struct str text, struct act_users *users)
{
    struct json_fault why;
    TRY(json_parse_with(text, ACT_TARGETS_MAX, &users->json, &why));
    const size_t count = json_length(users->json);
    users->names = mem_new(MEM_ENGINE, (count + 1) * sizeof(*users->names));
    if (users->names == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        if (json_get_str(json_at(users->json, i), &users->names[users->count])) {
            users->count++;
        }
    }
    return ERR_OK;
}

enum err act_case_users(struct str target, struct act_users *ret_users)
{
    static const struct str one = STR("user:");
    static const struct str many = STR("users:");
    struct act_users users = {.count = 0};
    if (str_has_prefix(target, one)) {
        users.names = mem_new(MEM_ENGINE, sizeof(*users.names));
        if (users.names == NULL) {
            return ERR_NOMEM;
        }
        users.names[users.count++] =
            (struct str){.at = target.at + one.len, .len = target.len - one.len};
    } else if (str_has_prefix(target, many)) {
        const struct str list = {.at = target.at + many.len, .len = target.len - many.len};
        const enum err err = take_users(list, &users);
        if (err != ERR_OK) {
            act_case_users_done(&users);
            return err;
        }
    }
    *ret_users = users;
    return ERR_OK;
}

void act_case_users_done(struct act_users *users)
{
    mem_free(MEM_ENGINE, users->names);
    json_free(users->json);
    *users = (struct act_users){.count = 0};
}

/* ---- what is in force ---- */

enum err act_case_in_force(const struct act_case *act, enum act_do what, struct store_act *ret_act)
{
    const uint64_t key = act_case_key(act, what, buf_str(&act->target));
    return store_acts_in_force(act->ordering->store, key, act->now.wall_ms, ret_act);
}

/* To who moderates its events say who did it. */
static enum err name_actor(const struct act_case *act)
{
    const struct act_call *call = act->call;
    struct buf *staff = &act->ordering->staff;
    char id[ACT_ID_TEXT_MAX];
    act_id_write(act->id, id);
    buf_reset(staff);
    event_write_staff(staff, call->by.id, call->act.reason, str_of(id));
    return buf_err(staff);
}

enum err act_case_record(struct act_case *act)
{
    struct ordering *ordering = act->ordering;
    if (act->head != NULL) {
        TRY(ordering_ensure(ordering, act->head, act->now.wall_ms));
    }
    struct store_act row = {
        .stream = act_case_stream(act),
        .what = act->call->act.what,
        .key = act->key,
        .target = buf_str(&act->target),
        .value = buf_str(&act->value),
        .seconds = act->call->act.seconds,
        .at_ms = act->now.wall_ms,
        .until_ms = act->until_ms,
    };
    TRY(store_acts_add(ordering->store, &row));
    act->id = row.id;
    act->verdict.act_n = row.id;
    ordering->first_act = ordering->first_act == 0 ? row.id : ordering->first_act;
    return name_actor(act);
}

/* ---- who may ---- */

static int level_of(uint32_t role_bits)
{
    if ((role_bits & ROLE_ADMIN) != 0) {
        return 3;
    }
    if ((role_bits & ROLE_HOST) != 0) {
        return 2;
    }
    return (role_bits & ROLE_MODERATOR) != 0 ? 1 : 0;
}

bool act_case_may_all(const struct act_case *act)
{
    const struct actor *by = &act->call->by;
    return by->kind != ACTOR_USER || level_of(by->role_bits) == level_of(ROLE_ADMIN);
}

bool act_case_is_privileged(const struct act_case *act)
{
    const struct actor *by = &act->call->by;
    return by->kind == ACTOR_USER && level_of(by->role_bits) > 0;
}

enum err act_case_check_role(struct act_case *act, struct str user)
{
    uint32_t roles = 0;
    const struct actor *by = &act->call->by;
    struct store *store = act->ordering->store;
    if (by->kind != ACTOR_USER || !act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act->head == NULL ? store_sanctions_any_roles(store, user, &roles)
                          : store_sanctions_roles(store, act_case_stream(act), user, &roles));
    if (level_of(roles) > level_of(by->role_bits)) {
        act_case_refuse(act, ACT_REFUSAL_HIGHER_ROLE);
    }
    return ERR_OK;
}

void act_case_check_own(struct act_case *act, struct str user)
{
    const struct actor *by = &act->call->by;
    if (act_case_is_open(act) && by->kind == ACTOR_USER && str_eq(by->id, user)) {
        act_case_refuse(act, ACT_REFUSAL_OWN);
    }
}

/* ---- telling ---- */

struct followed {
    struct head **heads; // owned; [count], in their turn
    uint32_t count;
};

/* Those without a row last: one that they get is above all others. */
static uint64_t turn_of(const struct head *head)
{
    return (uint64_t)head->row.id - 1;
}

static int by_turn(const void *a, const void *b)
{
    const uint64_t x = turn_of(*(const struct head *const *)a);
    const uint64_t y = turn_of(*(const struct head *const *)b);
    return (x > y) - (x < y);
}

static bool is_to_be_told(const struct act_case *act, const struct head *head)
{
    const int64_t stream = head->row.id;
    const bool is_begun = stream == act->place.part && act->place.at > 0;
    return bus_is_followed(&head->subs) && (stream == 0 || stream > act->place.part || is_begun);
}

static enum err find_followed(const struct act_case *act, struct followed *followed)
{
    const struct map *map = &act->ordering->heads.by_name;
    struct map_walk walk = {.slot = 0};
    struct map_node *node = NULL;
    followed->count = 0;
    followed->heads = mem_new(MEM_ENGINE, (map->count + 1) * sizeof(struct head *));
    if (followed->heads == NULL) {
        return ERR_NOMEM;
    }
    if (act->head != NULL) {
        followed->heads[followed->count++] = act->head;
    }
    while (act->head == NULL && (node = map_next(map, &walk)) != NULL) {
        struct head *head = map_entry(node, struct head, node);
        if (is_to_be_told(act, head)) {
            followed->heads[followed->count++] = head;
        }
    }
    qsort(followed->heads, followed->count, sizeof(struct head *), by_turn);
    return ERR_OK;
}

static bool gives_row(const struct act_case *act, const struct act_telling *telling)
{
    return telling->is_logged && !act->ordering->rules.streams_explicit;
}

static enum err tell_in(struct act_case *act, struct act_telling *telling, struct head *head,
                        uint32_t *left)
{
    const enum err err = ordering_find(act->ordering, head->node.key, &head); // as it is now
    TRY(err == ERR_GONE ? ERR_OK : err); // its end is damaged: nothing of it is served
    if (err == ERR_OK && gives_row(act, telling)) {
        TRY(ordering_ensure(act->ordering, head, act->now.wall_ms));
    }
    const int64_t stream = head->row.id;
    uint64_t at = stream == act->place.part ? act->place.at : 0;
    while (err == ERR_OK && at < telling->count && (*left > 0 || stream == 0)) {
        TRY(telling->tell(act, telling, head, telling->users[at++]));
        *left -= *left > 0;
    }
    act->is_left = err == ERR_OK && at < telling->count;
    act->place.part = stream;
    act->place.at = act->is_left ? at : 0;
    return ERR_OK;
}

enum err act_case_tell(struct act_case *act, struct act_telling *telling)
{
    struct followed followed;
    uint32_t left = ACT_CASE_PIECE;
    TRY(find_followed(act, &followed));
    act->is_left = false;
    enum err err = ERR_OK;
    for (uint32_t i = 0; i < followed.count && err == ERR_OK && !act->is_left; i++) {
        const bool has_place = followed.heads[i]->row.id != 0 || gives_row(act, telling);
        if (left == 0 && has_place) { // of those that stay without a row all at once
            act->is_left = true;
        } else {
            err = tell_in(act, telling, followed.heads[i], &left);
        }
    }
    mem_free(MEM_ENGINE, followed.heads);
    return err;
}

enum err act_case_add_event(struct act_case *act, struct head *head, enum event_kind kind)
{
    struct event *event = NULL;
    const struct ordering_entry entry = {
        .head = head, .kind = kind, .asked_ms = act->call->asked_mono_ms};
    if (!buf_ok(&act->ordering->body)) {
        return buf_err(&act->ordering->body);
    }
    TRY(ordering_add(act->ordering, &entry, act->now, &event));
    if (head == act->head) {
        act->verdict.seq = event->seq;
    }
    return ERR_OK;
}
