// SPDX-License-Identifier: Apache-2.0
#include "wire/removal.h"

#include "base/must.h"
#include "wire/cursor.h"
#include "wire/json.h"
#include "wire/json_slice.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES_MAX = 128 * 1024 };

/* ---- written and read ---- */

void removal_write(struct buf *out, const struct removal *removal)
{
    if (removal->of == REMOVAL_SEQS) {
        json_write_name(out, "seqs");
        buf_add_byte(out, '[');
        for (uint32_t i = 0; i < removal->count; i++) {
            if (i > 0) {
                buf_add_byte(out, ',');
            }
            buf_add_u64(out, removal->seqs[i]);
        }
        buf_add_byte(out, ']');
        return;
    }
    must(removal->of != REMOVAL_USERS);
    if (removal->of == REMOVAL_USER) {
        json_write_member_str(out, "user_id", removal->user);
    } else {
        json_write_member_bool(out, "all", true);
    }
    json_write_member_u64(out, "upto", removal->upto);
}

static bool get_seq(const struct json *value, uint64_t *ret_seq)
{
    int64_t seq = 0;
    if (!json_get_i64(value, &seq) || seq < 0 || (uint64_t)seq > SEQ_MAX) {
        return false;
    }
    *ret_seq = (uint64_t)seq;
    return true;
}

static int by_seq(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static enum err read_seqs(const struct json *array, struct removal *ret_removal)
{
    const size_t count = json_length(array);
    uint64_t *seqs = mem_new(MEM_OTHER, (count + 1) * sizeof(*seqs));
    if (seqs == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_seq(json_at(array, i), &seqs[i])) {
            mem_free(MEM_OTHER, seqs);
            return ERR_PROTO;
        }
    }
    qsort(seqs, count, sizeof(*seqs), by_seq);
    *ret_removal = (struct removal){
        .of = REMOVAL_SEQS, .seqs = seqs, .count = (uint32_t)count, .memory = seqs};
    return ERR_OK;
}

static enum err read_members(const struct json *root, struct removal *ret_removal)
{
    struct str user;
    uint64_t upto = 0;
    bool all = false;
    const struct json *seqs = json_member(root, "seqs");
    if (json_kind(seqs) == JSON_KIND_ARRAY) {
        return read_seqs(seqs, ret_removal);
    }
    if (!get_seq(json_member(root, "upto"), &upto)) {
        return ERR_PROTO;
    }
    if (json_get_bool(json_member(root, "all"), &all) && all) {
        *ret_removal = (struct removal){.of = REMOVAL_ALL, .upto = upto};
        return ERR_OK;
    }
    if (!json_get_str(json_member(root, "user_id"), &user)) {
        return ERR_PROTO;
    }
    char *copy = mem_copy_text(MEM_OTHER, user.at, user.len);
    if (copy == NULL) {
        return ERR_NOMEM;
    }
    *ret_removal = (struct removal){
        .of = REMOVAL_USER, .user = {.at = copy, .len = user.len}, .upto = upto, .memory = copy};
    return ERR_OK;
}

enum err removal_read(struct str body, struct removal *ret_removal)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct buf text;
    buf_init(&text, MEM_OTHER, BODY_BYTES_MAX);
    buf_add_byte(&text, '{');
    buf_add_str(&text, body);
    buf_add_byte(&text, '}');
    enum err err = buf_err(&text);
    err = err == ERR_OK ? json_parse(buf_str(&text), &root, &fault) : err;
    err = err == ERR_OK ? read_members(root, ret_removal) : err;
    json_free(root);
    buf_done(&text);
    return err == ERR_LIMIT ? ERR_PROTO : err;
}

void removal_done(struct removal *removal)
{
    mem_free(MEM_OTHER, removal->memory);
    *removal = (struct removal){0};
}

/* ---- several as one ---- */

/* Longer ones behind shorter ones. */
static int by_name(const void *a, const void *b)
{
    const struct str *left = a, *right = b;
    if (left->len != right->len || left->len == 0) {
        return (left->len > right->len) - (left->len < right->len);
    }
    return memcmp(left->at, right->at, left->len);
}

static bool is_of_one_kind(const struct removal *a, const struct removal *b)
{
    return a->of == b->of &&
           (a->of == REMOVAL_SEQS || (a->of == REMOVAL_USER && a->upto == b->upto));
}

static enum err join_seqs(const struct removal *parts, uint32_t count, struct removal *ret_removal)
{
    size_t all = 0, at = 0;
    for (uint32_t i = 0; i < count; i++) {
        all += parts[i].count;
    }
    uint64_t *seqs = mem_new(MEM_OTHER, (all + 1) * sizeof(*seqs));
    if (seqs == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < count; at += parts[i].count, i++) {
        if (parts[i].count > 0) {
            memcpy(seqs + at, parts[i].seqs, parts[i].count * sizeof(*seqs));
        }
    }
    qsort(seqs, all, sizeof(*seqs), by_seq);
    *ret_removal =
        (struct removal){.of = REMOVAL_SEQS, .seqs = seqs, .count = (uint32_t)all, .memory = seqs};
    return ERR_OK;
}

static enum err join_users(const struct removal *parts, uint32_t count, struct removal *ret_removal)
{
    struct str *users = mem_new(MEM_OTHER, count * sizeof(*users));
    if (users == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        users[i] = parts[i].user;
    }
    qsort(users, count, sizeof(*users), by_name);
    *ret_removal = (struct removal){
        .of = REMOVAL_USERS, .users = users, .count = count, .upto = parts->upto, .memory = users};
    return ERR_OK;
}

enum err removal_join(const struct removal *parts, uint32_t count, struct removal *ret_removal,
                      uint32_t *ret_count)
{
    uint32_t alike = 1;
    while (alike < count && is_of_one_kind(parts, &parts[alike])) {
        alike++;
    }
    if (alike == 1) {
        *ret_removal = *parts;
        ret_removal->memory = NULL;
    } else {
        TRY(parts->of == REMOVAL_SEQS ? join_seqs(parts, alike, ret_removal)
                                      : join_users(parts, alike, ret_removal));
    }
    *ret_count = alike;
    return ERR_OK;
}

/* ---- what it covers ---- */

static bool is_among(const struct removal *removal, struct str user)
{
    return bsearch(&user, removal->users, removal->count, sizeof(user), by_name) != NULL;
}

bool removal_covers(const struct removal *removal, uint64_t seq, struct str user)
{
    switch (removal->of) {
    case REMOVAL_SEQS:
        return removal->count > 0 &&
               bsearch(&seq, removal->seqs, removal->count, sizeof(seq), by_seq) != NULL;
    case REMOVAL_USER:
        return seq <= removal->upto && str_eq(user, removal->user);
    case REMOVAL_USERS:
        return seq <= removal->upto && is_among(removal, user);
    case REMOVAL_ALL:
        break;
    }
    return seq <= removal->upto;
}

static struct str author_in(struct str members)
{
    const struct str user = json_slice_member(members, STR("user"));
    return json_slice_member(json_slice_members(user), STR("id"));
}

/* One of them is what this says, as it stands in the JSON with its quotes. */
static bool is_one_said(const struct removal *removal, struct str quoted)
{
    if (quoted.len < 2) {
        return false;
    }
    if (memchr(quoted.at, '\\', quoted.len) == NULL) {
        return is_among(removal, (struct str){.at = quoted.at + 1, .len = quoted.len - 2});
    }
    uint32_t i = 0;
    while (i < removal->count && !json_slice_says(quoted, removal->users[i])) {
        i++;
    }
    return i < removal->count;
}

static bool covers_members(const struct removal *removal, uint64_t seq, struct str members)
{
    if (removal->of != REMOVAL_USER && removal->of != REMOVAL_USERS) {
        return removal_covers(removal, seq, STR_NONE);
    }
    if (seq > removal->upto) {
        return false;
    }
    const struct str author = author_in(members);
    return removal->of == REMOVAL_USER ? json_slice_says(author, removal->user)
                                       : is_one_said(removal, author);
}

bool removal_covers_comment(const struct removal *removal, const struct event *comment)
{
    return covers_members(removal, comment->seq,
                          (struct str){.at = comment->body, .len = comment->body_len});
}

/* ---- redacting ---- */

static const struct str comment_begins = STR("{\"type\":\"comment\",\"stream\":");
static const struct str removed_begins = STR("{\"type\":\"removed\",\"stream\":");

static struct str from(struct str text, size_t at)
{
    return (struct str){.at = text.at + at, .len = text.len - at};
}

/* Passes `expected`; false: it does not stand here. */
static bool pass(struct str *text, struct str expected)
{
    if (!str_has_prefix(*text, expected)) {
        return false;
    }
    *text = from(*text, expected.len);
    return true;
}

static bool pass_number(struct str *text, uint64_t *ret_number)
{
    size_t len = 0;
    while (len < text->len && text->at[len] >= '0' && text->at[len] <= '9') {
        len++;
    }
    if (!str_to_u64((struct str){.at = text->at, .len = len}, SEQ_MAX, ret_number)) {
        return false;
    }
    *text = from(*text, len);
    return true;
}

/* A comment object that stands whole at the beginning of `text`. */
struct found {
    uint64_t seq;
    size_t head_len; // up to the end of prev
    size_t len;
};

static bool find_object(struct str text, struct found *ret_found)
{
    struct str rest = text;
    uint64_t prev = 0;
    if (!pass(&rest, comment_begins)) {
        return false;
    }
    const size_t name_len = json_slice_string(rest).len;
    if (name_len == 0) {
        return false;
    }
    rest = from(rest, name_len);
    if (!pass(&rest, STR(",\"seq\":")) || !pass_number(&rest, &ret_found->seq) ||
        !pass(&rest, STR(",\"prev\":")) || !pass_number(&rest, &prev)) {
        return false;
    }
    ret_found->head_len = text.len - rest.len;
    ret_found->len = json_slice_value(text).len;
    return ret_found->len > ret_found->head_len &&
           (rest.at[0] == ',' || (rest.at[0] == '}' && ret_found->len == ret_found->head_len + 1));
}

static void overwrite(uint8_t *object, const struct found *found)
{
    memcpy(object, removed_begins.at, removed_begins.len);
    object[found->head_len] = '}';
    memset(object + found->head_len + 1, ' ', found->len - found->head_len - 1);
}

/* Whose word counts: one of the two. */
struct judge {
    const struct removal *removal;
    const struct removal_asked *asked;
};

static bool says(const struct judge *judge, uint64_t seq, struct str members)
{
    return judge->asked != NULL ? judge->asked->covers(judge->asked, seq, author_in(members))
                                : covers_members(judge->removal, seq, members);
}

static size_t redact(const struct judge *judge, uint8_t *bytes, size_t len)
{
    size_t count = 0;
    uint8_t *at = bytes, *const end = len == 0 ? bytes : bytes + len;
    _Static_assert(sizeof("comment") == sizeof("removed"), "redacted in as many bytes");
    while (at < end) {
        at = memmem(at, (size_t)(end - at), comment_begins.at, comment_begins.len);
        if (at == NULL) {
            break;
        }
        struct found found;
        const struct str text = {.at = (const char *)at, .len = (size_t)(end - at)};
        if (!find_object(text, &found)) {
            at += comment_begins.len;
            continue;
        }
        const struct str members = {.at = text.at + found.head_len,
                                    .len = found.len - found.head_len - 1};
        if (says(judge, found.seq, members)) {
            overwrite(at, &found);
            count++;
        }
        at += found.len;
    }
    return count;
}

size_t removal_redact(const struct removal *removal, uint8_t *bytes, size_t len)
{
    return redact(&(struct judge){.removal = removal}, bytes, len);
}

size_t removal_redact_asked(const struct removal_asked *asked, uint8_t *bytes, size_t len)
{
    return redact(&(struct judge){.asked = asked}, bytes, len);
}

/* ---- events ---- */

/* A restore or a pin. */
static enum err redact_body(const struct removal *removal, const struct event *event,
                            struct event **ret_event)
{
    struct event *copy =
        event_with_body(event, (struct str){.at = event->body, .len = event->body_len});
    if (copy == NULL) {
        return ERR_NOMEM;
    }
    if (removal_redact(removal, (uint8_t *)copy->body, copy->body_len) == 0) {
        event_unref(copy);
        copy = NULL;
    }
    *ret_event = copy;
    return ERR_OK;
}

enum err removal_event(const struct removal *removal, const struct event *event,
                       struct event **ret_event)
{
    const struct str body = {.at = event->body, .len = event->body_len};
    if (event->kind == EVENT_RESTORE || event->kind == EVENT_PIN) {
        return redact_body(removal, event, ret_event);
    }
    if (event->kind != EVENT_COMMENT || !covers_members(removal, event->seq, body)) {
        *ret_event = NULL;
        return ERR_OK;
    }
    struct event *removed = event_with_body(event, STR_NONE);
    if (removed == NULL) {
        return ERR_NOMEM;
    }
    removed->kind = EVENT_REMOVED;
    *ret_event = removed;
    return ERR_OK;
}

enum err removal_events(const struct removal *removal, struct event **events, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct event *instead = NULL;
        TRY(removal_event(removal, events[i], &instead));
        if (instead != NULL) {
            event_unref(events[i]);
            events[i] = instead;
        }
    }
    return ERR_OK;
}
