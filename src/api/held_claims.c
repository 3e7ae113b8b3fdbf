// SPDX-License-Identifier: Apache-2.0
/* The key of a claim is stream, NUL, id: neither holds a NUL. All claims last equally long, so the
 * oldest in the list is the first to run out. */
#include "api/held_claims.h"

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "wire/json.h"
#include "wire/stream_name.h"

#include <pthread.h>

enum { ID_BYTES_MAX = 64, USER_BYTES_MAX = 128, KEY_BYTES_MAX = STREAM_NAME_LEN_MAX + 1 + 64 };

struct entry {
    struct map_node node; // in claims->by_key
    struct link link;     // in claims->by_age; the newest last
    int64_t until_ms;
    uint16_t stream_len, key_len, user_len;
    char key[KEY_BYTES_MAX];
    char user[USER_BYTES_MAX];
};

struct held_claims {
    pthread_mutex_t lock; // HELD
    /* -- under HELD -- */
    struct map by_key;
    struct link by_age;
};

enum err held_claims_new(uint64_t seed, struct held_claims **ret_claims)
{
    struct held_claims *claims = mem_new(MEM_OTHER, sizeof(*claims));
    if (claims == NULL) {
        return ERR_NOMEM;
    }
    pthread_mutex_init(&claims->lock, NULL);
    map_init(&claims->by_key, MEM_OTHER, seed);
    list_init(&claims->by_age);
    *ret_claims = claims;
    return ERR_OK;
}

static void forget(struct held_claims *claims, struct entry *entry)
{
    map_remove(&claims->by_key, &entry->node);
    list_remove(&entry->link);
    mem_free(MEM_OTHER, entry);
}

static struct entry *oldest(struct held_claims *claims)
{
    return list_is_empty(&claims->by_age) ? NULL
                                          : list_entry(claims->by_age.next, struct entry, link);
}

void held_claims_free(struct held_claims *claims)
{
    if (claims == NULL) {
        return;
    }
    while (oldest(claims) != NULL) {
        forget(claims, oldest(claims));
    }
    map_done(&claims->by_key);
    pthread_mutex_destroy(&claims->lock);
    mem_free(MEM_OTHER, claims);
}

static void forget_expired(struct held_claims *claims, int64_t now_ms)
{
    for (struct entry *entry = oldest(claims); entry != NULL && entry->until_ms <= now_ms;
         entry = oldest(claims)) {
        forget(claims, entry);
    }
}

static size_t write_key(const struct held_claim *claim, char key[KEY_BYTES_MAX])
{
    must(claim->stream.len <= STREAM_NAME_LEN_MAX && claim->id.len <= ID_BYTES_MAX);
    memcpy(key, claim->stream.at, claim->stream.len);
    key[claim->stream.len] = '\0';
    memcpy(key + claim->stream.len + 1, claim->id.at, claim->id.len);
    return claim->stream.len + 1 + claim->id.len;
}

static struct entry *find(struct held_claims *claims, const struct held_claim *claim)
{
    char key[KEY_BYTES_MAX];
    const size_t len = write_key(claim, key);
    struct map_node *node = map_find(&claims->by_key, (struct str){.at = key, .len = len});
    return node == NULL ? NULL : map_entry(node, struct entry, node);
}

static bool is_of(const struct entry *entry, struct str user)
{
    return str_eq((struct str){.at = entry->user, .len = entry->user_len}, user);
}

static enum err add(struct held_claims *claims, const struct held_claim *claim, int64_t until_ms)
{
    must(claim->user.len <= USER_BYTES_MAX);
    if (claims->by_key.count >= HELD_CLAIMS_MAX) {
        forget(claims, oldest(claims));
    }
    struct entry *entry = mem_new(MEM_OTHER, sizeof(*entry));
    if (entry == NULL) {
        return ERR_NOMEM;
    }
    entry->key_len = (uint16_t)write_key(claim, entry->key);
    entry->stream_len = (uint16_t)claim->stream.len;
    entry->user_len = (uint16_t)claim->user.len;
    memcpy(entry->user, claim->user.at, claim->user.len);
    entry->until_ms = until_ms;
    entry->node.key = (struct str){.at = entry->key, .len = entry->key_len};
    if (map_add(&claims->by_key, &entry->node) != ERR_OK) {
        mem_free(MEM_OTHER, entry);
        return ERR_NOMEM;
    }
    list_push(&claims->by_age, &entry->link);
    return ERR_OK;
}

static enum err take(struct held_claims *claims, const struct held_claim *claim, int64_t now_ms,
                     uint32_t ttl_ms, uint32_t *ret_left_ms)
{
    forget_expired(claims, now_ms);
    struct entry *entry = find(claims, claim);
    if (entry == NULL) {
        return add(claims, claim, now_ms + ttl_ms);
    }
    if (!is_of(entry, claim->user)) {
        *ret_left_ms = (uint32_t)(entry->until_ms - now_ms);
        return ERR_EXISTS;
    }
    entry->until_ms = now_ms + ttl_ms;
    list_remove(&entry->link);
    list_push(&claims->by_age, &entry->link);
    return ERR_OK;
}

enum err held_claims_take(struct held_claims *claims, const struct held_claim *claim,
                          int64_t now_ms, uint32_t ttl_ms, uint32_t *ret_left_ms)
{
    pthread_mutex_lock(&claims->lock);
    const enum err err = take(claims, claim, now_ms, ttl_ms, ret_left_ms);
    pthread_mutex_unlock(&claims->lock);
    return err;
}

void held_claims_drop(struct held_claims *claims, const struct held_claim *claim)
{
    pthread_mutex_lock(&claims->lock);
    struct entry *entry = find(claims, claim);
    if (entry != NULL && is_of(entry, claim->user)) {
        forget(claims, entry);
    }
    pthread_mutex_unlock(&claims->lock);
}

static void write_claim(const struct entry *entry, int64_t now_ms, struct buf *out)
{
    buf_add_str(out, out->bytes[out->len - 1] == '[' ? STR("{") : STR(",{"));
    json_write_member_str(out, "id",
                          (struct str){.at = entry->key + entry->stream_len + 1,
                                       .len = (size_t)entry->key_len - entry->stream_len - 1U});
    json_write_member_str(out, "by", (struct str){.at = entry->user, .len = entry->user_len});
    json_write_member_i64(out, "left_ms", entry->until_ms - now_ms);
    buf_add_byte(out, '}');
}

void held_claims_write(struct held_claims *claims, struct str stream, int64_t now_ms,
                       struct buf *out)
{
    pthread_mutex_lock(&claims->lock);
    forget_expired(claims, now_ms);
    json_write_name(out, "claims");
    buf_add_byte(out, '[');
    for (struct link *at = claims->by_age.next; at != &claims->by_age && buf_ok(out);
         at = at->next) {
        const struct entry *entry = list_entry(at, struct entry, link);
        if (str_eq((struct str){.at = entry->key, .len = entry->stream_len}, stream)) {
            write_claim(entry, now_ms, out);
        }
    }
    buf_add_byte(out, ']');
    pthread_mutex_unlock(&claims->lock);
}

/* ---- of others ---- */

static bool is_of_another(const struct entry *entry, struct str stream, struct str user)
{
    return str_eq((struct str){.at = entry->key, .len = entry->stream_len}, stream) &&
           !is_of(entry, user);
}

struct room { // for what is found
    uint32_t count;
    size_t bytes;
};

static struct str id_of(const struct entry *entry)
{
    return (struct str){.at = entry->key + entry->stream_len + 1,
                        .len = (size_t)entry->key_len - entry->stream_len - 1U};
}

static struct room measure(struct held_claims *claims, struct str stream, struct str user)
{
    struct room room = {.count = 0};
    for (struct link *at = claims->by_age.next; at != &claims->by_age; at = at->next) {
        const struct entry *entry = list_entry(at, struct entry, link);
        if (is_of_another(entry, stream, user)) {
            room.count++;
            room.bytes += id_of(entry).len;
        }
    }
    return room;
}

static enum err make_room(struct held_claims_found *found, const struct room *room)
{
    /* The texts lie behind the array of those who point there. */
    found->ids = mem_new(MEM_OTHER, room->count * sizeof(*found->ids) + room->bytes);
    found->left_ms = mem_new(MEM_OTHER, room->count * sizeof(*found->left_ms));
    return found->ids == NULL || found->left_ms == NULL ? ERR_NOMEM : ERR_OK;
}

static enum err find_others(struct held_claims *claims, const struct held_claim *of, int64_t now_ms,
                            struct held_claims_found *found)
{
    const struct room room = measure(claims, of->stream, of->user);
    if (room.count == 0) {
        return ERR_OK;
    }
    TRY(make_room(found, &room));
    char *text = (char *)(found->ids + room.count);
    for (struct link *at = claims->by_age.next; at != &claims->by_age; at = at->next) {
        const struct entry *entry = list_entry(at, struct entry, link);
        if (is_of_another(entry, of->stream, of->user)) {
            const struct str id = id_of(entry);
            memcpy(text, id.at, id.len);
            found->ids[found->count] = (struct str){.at = text, .len = id.len};
            found->left_ms[found->count++] = (uint32_t)(entry->until_ms - now_ms);
            text += id.len;
        }
    }
    return ERR_OK;
}

enum err held_claims_of_others(struct held_claims *claims, const struct held_claim *of,
                               int64_t now_ms, struct held_claims_found *ret_found)
{
    struct held_claims_found found = {.count = 0};
    pthread_mutex_lock(&claims->lock);
    forget_expired(claims, now_ms);
    const enum err err = find_others(claims, of, now_ms, &found);
    pthread_mutex_unlock(&claims->lock);
    if (err != ERR_OK) {
        held_claims_found_done(&found);
        return err;
    }
    *ret_found = found;
    return ERR_OK;
}

void held_claims_found_done(struct held_claims_found *found)
{
    mem_free(MEM_OTHER, found->ids);
    mem_free(MEM_OTHER, found->left_ms);
    *found = (struct held_claims_found){.count = 0};
}
