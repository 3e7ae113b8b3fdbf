// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/warned.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

struct warned_user {
    struct map_node node; // by its hash, as bytes
    uint64_t hash;
    uint64_t warnings; // on them, in all streams
    uint32_t name_len;
    char name[];
};

static struct str key_of(const uint64_t *hash)
{
    return (struct str){.at = (const char *)hash, .len = sizeof(*hash)};
}

static struct warned_user *find(const struct warned *warned, uint64_t hash)
{
    struct map_node *node = map_find(&warned->by_hash, key_of(&hash));
    return node == NULL ? NULL : map_entry(node, struct warned_user, node);
}

static void lock(struct warned *warned)
{
    must(pthread_mutex_lock(&warned->lock) == 0);
}

static void unlock(struct warned *warned)
{
    must(pthread_mutex_unlock(&warned->lock) == 0);
}

void warned_init(struct warned *warned, uint64_t user_key)
{
    warned->user_key = user_key;
    for (size_t i = 0; i < WARNED_MARKS; i++) {
        atomic_init(&warned->marks[i], 0);
    }
    must(pthread_mutex_init(&warned->lock, NULL) == 0);
    map_init(&warned->by_hash, MEM_ENGINE, user_key);
}

void warned_done(struct warned *warned)
{
    struct map_walk walk = {.slot = 0};
    struct map_node *node = NULL;
    while ((node = map_next(&warned->by_hash, &walk)) != NULL) {
        map_remove(&warned->by_hash, node);
        mem_free(MEM_ENGINE, map_entry(node, struct warned_user, node));
    }
    map_done(&warned->by_hash);
    must(pthread_mutex_destroy(&warned->lock) == 0);
}

static enum err find_or_make(struct warned *warned, uint64_t hash, struct str name,
                             struct warned_user **ret_user)
{
    struct warned_user *user = find(warned, hash);
    if (user == NULL) {
        user = mem_new(MEM_ENGINE, sizeof(*user) + name.len);
        if (user == NULL) {
            return ERR_NOMEM;
        }
        user->hash = hash;
        user->name_len = (uint32_t)name.len;
        memcpy(user->name, name.at, name.len);
        user->node.key = key_of(&user->hash);
        if (map_add(&warned->by_hash, &user->node) != ERR_OK) {
            mem_free(MEM_ENGINE, user);
            return ERR_NOMEM;
        }
    }
    *ret_user = user;
    return ERR_OK;
}

enum err warned_add(struct warned *warned, struct str user)
{
    const uint64_t hash = hash_str(warned->user_key, user);
    struct warned_user *found = NULL;
    dcheck(user.len > 0 && user.len <= ACT_USER_BYTES_MAX);
    lock(warned);
    const enum err err = find_or_make(warned, hash, user, &found);
    if (err == ERR_OK) {
        found->warnings++;
    }
    unlock(warned);
    TRY(err);
    atomic_fetch_add_explicit(&warned->marks[hash % WARNED_MARKS], 1, memory_order_relaxed);
    return ERR_OK;
}

void warned_remove(struct warned *warned, struct str user)
{
    const uint64_t hash = hash_str(warned->user_key, user);
    lock(warned);
    struct warned_user *found = find(warned, hash);
    must(found != NULL);
    if (--found->warnings == 0) {
        map_remove(&warned->by_hash, &found->node);
        mem_free(MEM_ENGINE, found);
    }
    unlock(warned);
    atomic_fetch_sub_explicit(&warned->marks[hash % WARNED_MARKS], 1, memory_order_relaxed);
}

bool warned_may_be(struct warned *warned, uint64_t user)
{
    if (atomic_load_explicit(&warned->marks[user % WARNED_MARKS], memory_order_relaxed) == 0) {
        return false;
    }
    lock(warned);
    const bool is_known = find(warned, user) != NULL;
    unlock(warned);
    return is_known;
}

struct str warned_name(struct warned *warned, uint64_t user, char name[ACT_USER_BYTES_MAX])
{
    struct str found = {.at = name, .len = 0};
    lock(warned);
    const struct warned_user *one = find(warned, user);
    if (one != NULL) {
        found.len = one->name_len;
        memcpy(name, one->name, one->name_len);
    }
    unlock(warned);
    return found;
}
