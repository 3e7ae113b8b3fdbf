// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/sanctions.h"

#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/mutant.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 24 + ACT_USER_BYTES_MAX };

struct standing { // of a user in a stream
    struct map_node node;
    struct link all; // of struct sanction, oldest first
    size_t user_at;  // where the user's name begins in `key`
    char key[];
};

struct sanction {
    struct link link;  // in standing->all
    struct link timed; // in sanctions->timed, if it runs out
    struct standing *standing;
    uint64_t act;
    enum act_do what;
    int64_t until_mono_ms; // INT64_MAX: for ever
};

void sanctions_init(struct sanctions *sanctions, uint64_t seed)
{
    *sanctions = (struct sanctions){.count = 0};
    map_init(&sanctions->by_user, MEM_ENGINE, seed);
    list_init(&sanctions->timed);
}

static struct str name_of(const struct standing *standing)
{
    const struct str key = standing->node.key;
    return (struct str){.at = key.at + standing->user_at, .len = key.len - standing->user_at};
}

static void drop(struct sanctions *sanctions, struct sanction *sanction)
{
    if (sanction->what == ACT_WARN && sanctions->warned != NULL) {
        warned_remove(sanctions->warned, name_of(sanction->standing));
    }
    list_remove(&sanction->link);
    list_remove(&sanction->timed);
    mem_free(MEM_ENGINE, sanction);
    sanctions->count--;
}

static void forget(struct sanctions *sanctions, struct standing *standing)
{
    while (!list_is_empty(&standing->all)) {
        drop(sanctions, list_entry(standing->all.next, struct sanction, link));
    }
    map_remove(&sanctions->by_user, &standing->node);
    mem_free(MEM_ENGINE, standing);
}

static void forget_if_bare(struct sanctions *sanctions, struct standing *standing)
{
    if (list_is_empty(&standing->all)) {
        forget(sanctions, standing);
    }
}

static void forget_all(struct sanctions *sanctions)
{
    struct map_walk walk = {.slot = 0};
    struct map_node *node = NULL;
    while ((node = map_next(&sanctions->by_user, &walk)) != NULL) {
        forget(sanctions, map_entry(node, struct standing, node));
    }
}

void sanctions_done(struct sanctions *sanctions)
{
    forget_all(sanctions);
    map_done(&sanctions->by_user);
}

/* ---- who ---- */

struct key {
    char text[KEY_MAX];
    size_t len, user_at;
};

/* False: no user has so long a name. */
static bool key_of(int64_t stream, struct str user, struct key *key)
{
    const int len = snprintf(key->text, sizeof(key->text), "%lld:", (long long)stream);
    if (len < 0 || (size_t)len + user.len > sizeof(key->text)) {
        return false;
    }
    if (user.len > 0) {
        memcpy(key->text + len, user.at, user.len);
    }
    key->user_at = (size_t)len;
    key->len = (size_t)len + user.len;
    return true;
}

static struct standing *find(const struct sanctions *sanctions, int64_t stream, struct str user)
{
    struct key key = {.len = 0};
    if (sanctions->count == 0 || !key_of(stream, user, &key)) {
        return NULL;
    }
    struct map_node *node =
        map_find(&sanctions->by_user, (struct str){.at = key.text, .len = key.len});
    return node == NULL ? NULL : map_entry(node, struct standing, node);
}

static enum err find_or_make(struct sanctions *sanctions, int64_t stream, struct str user,
                             struct standing **ret_standing)
{
    struct key key = {.len = 0};
    struct standing *standing = find(sanctions, stream, user);
    if (standing == NULL) {
        if (!key_of(stream, user, &key)) {
            return ERR_LIMIT;
        }
        standing = mem_new(MEM_ENGINE, sizeof(*standing) + key.len);
        if (standing == NULL) {
            return ERR_NOMEM;
        }
        memcpy(standing->key, key.text, key.len);
        standing->node.key = (struct str){.at = standing->key, .len = key.len};
        standing->user_at = key.user_at;
        list_init(&standing->all);
        if (map_add(&sanctions->by_user, &standing->node) != ERR_OK) {
            mem_free(MEM_ENGINE, standing);
            return ERR_NOMEM;
        }
    }
    *ret_standing = standing;
    return ERR_OK;
}

/* ---- changing ---- */

static int64_t until_mono(int64_t until_ms, struct sanctions_now now)
{
    return until_ms == 0 ? INT64_MAX : now.mono_ms + (until_ms - now.wall_ms);
}

static enum err keep(struct sanctions *sanctions, const struct store_sanction *from,
                     struct sanctions_now now)
{
    struct standing *standing = NULL;
    TRY(find_or_make(sanctions, from->stream, from->user, &standing));
    struct sanction *sanction = mem_new(MEM_ENGINE, sizeof(*sanction));
    const bool is_told = sanction != NULL && from->what == ACT_WARN && sanctions->warned != NULL;
    if (sanction == NULL || (is_told && warned_add(sanctions->warned, from->user) != ERR_OK)) {
        mem_free(MEM_ENGINE, sanction);
        forget_if_bare(sanctions, standing);
        return ERR_NOMEM;
    }
    sanction->standing = standing;
    sanction->act = from->act;
    sanction->what = from->what;
    sanction->until_mono_ms = until_mono(from->until_ms, now);
    list_push(&standing->all, &sanction->link);
    if (from->until_ms != 0) {
        list_push(&sanctions->timed, &sanction->timed);
    }
    sanctions->count++;
    return ERR_OK;
}

/* What was known before runs on by our own clock, wherever the wall's has gone. */
static void run_on(const struct sanctions *before, const struct store_sanction *from,
                   struct sanctions_now *now)
{
    const struct standing *standing = find(before, from->stream, from->user);
    if (standing == NULL || from->until_ms == 0) {
        return;
    }
    for (struct link *link = standing->all.next; link != &standing->all; link = link->next) {
        const struct sanction *one = list_entry(link, struct sanction, link);
        if (one->act == from->act) {
            now->wall_ms = from->until_ms - (one->until_mono_ms - now->mono_ms);
        }
    }
}

static void move(struct sanctions *from, struct sanctions *to)
{
    *to = *from;
    list_init(&to->timed);
    if (!list_is_empty(&from->timed)) {
        to->timed = from->timed;
        to->timed.next->prev = &to->timed;
        to->timed.prev->next = &to->timed;
    }
}

static enum err load(struct sanctions *sanctions, const struct sanctions *before,
                     struct store *store, struct sanctions_now now)
{
    sqlite3_stmt *walk = NULL;
    struct store_sanction sanction;
    TRY(store_sanctions_all(store, &walk));
    for (;;) {
        const enum err err = store_sanctions_next(store, walk, &sanction);
        if (err == ERR_NOT_FOUND) {
            break;
        }
        TRY(err);
        if (mutant(SANCTIONS_FORGOTTEN)) {
            continue;
        }
        struct sanctions_now at = now;
        run_on(before, &sanction, &at);
        const bool is_over = sanction.until_ms != 0 && sanction.until_ms <= at.wall_ms;
        if (!is_over || sanctions->count < SANCTIONS_MAX) {
            TRY(keep(sanctions, &sanction, at)); // what is over is there to be swept
        }
    }
    return ERR_OK;
}

enum err sanctions_load(struct sanctions *sanctions, struct store *store, struct sanctions_now now)
{
    struct sanctions found;
    sanctions_init(&found, sanctions->by_user.seed);
    found.warned = sanctions->warned;
    const enum err err = load(&found, sanctions, store, now);
    if (err != ERR_OK) {
        sanctions_done(&found);
        return err;
    }
    sanctions_done(sanctions);
    move(&found, sanctions);
    return ERR_OK;
}

enum err sanctions_add(struct sanctions *sanctions, struct store *store,
                       const struct store_sanction *sanction, struct sanctions_now now)
{
    TRY(keep(sanctions, sanction, now));
    return store_sanctions_add(store, sanction);
}

enum err sanctions_lift(struct sanctions *sanctions, struct store *store,
                        const struct store_sanction *sanction)
{
    bool is_found = false;
    struct standing *standing = find(sanctions, sanction->stream, sanction->user);
    /* Also of one that has run out: a clock that goes back would bring it back. */
    TRY(store_sanctions_delete(store, sanction->act, sanction->user));
    if (standing == NULL) {
        return ERR_NOT_FOUND;
    }
    struct link *next = NULL;
    for (struct link *link = standing->all.next; link != &standing->all; link = next) {
        struct sanction *one = list_entry(link, struct sanction, link);
        next = link->next;
        if (one->act == sanction->act) {
            drop(sanctions, one);
            is_found = true;
        }
    }
    forget_if_bare(sanctions, standing);
    return is_found ? ERR_OK : ERR_NOT_FOUND;
}

static enum err mirror(struct warned *warned, const struct standing *standing)
{
    for (struct link *link = standing->all.next; link != &standing->all; link = link->next) {
        if (list_entry(link, struct sanction, link)->what == ACT_WARN) {
            TRY(warned_add(warned, name_of(standing)));
        }
    }
    return ERR_OK;
}

enum err sanctions_mirror(struct sanctions *sanctions, struct warned *warned)
{
    struct map_walk walk = {.slot = 0};
    struct map_node *node = NULL;
    while ((node = map_next(&sanctions->by_user, &walk)) != NULL) {
        TRY(mirror(warned, map_entry(node, struct standing, node)));
    }
    sanctions->warned = warned;
    return ERR_OK;
}

/* ---- asking ---- */

static void add_found(const struct sanction *one, int64_t mono_ms, struct sanctions_found *found)
{
    if (one->what == ACT_BAN) {
        found->ban = one->act;
    } else if (one->what == ACT_SHADOW) {
        found->shadow = one->act;
    } else if (one->what == ACT_HOLD) {
        found->hold = one->act;
    } else if (one->what == ACT_WARN) {
        found->warn = found->warn == 0 || one->act < found->warn ? one->act : found->warn;
    } else if (one->what == ACT_TIMEOUT) {
        const int64_t left_ms = one->until_mono_ms - mono_ms;
        found->timeout = one->act;
        found->timeout_left_ms =
            left_ms > found->timeout_left_ms ? left_ms : found->timeout_left_ms;
    }
}

struct sanctions_found sanctions_find(const struct sanctions *sanctions, int64_t stream,
                                      struct str user, int64_t mono_ms)
{
    struct sanctions_found found = {.ban = 0};
    const int64_t streams[] = {0, stream};
    for (size_t i = 0; i < (stream == 0 ? 1 : 2); i++) {
        const struct standing *standing = find(sanctions, streams[i], user);
        if (standing == NULL) {
            continue;
        }
        for (struct link *link = standing->all.next; link != &standing->all; link = link->next) {
            const struct sanction *one = list_entry(link, struct sanction, link);
            if (one->until_mono_ms > mono_ms) {
                add_found(one, mono_ms, &found);
            }
        }
    }
    return found;
}

uint64_t sanctions_newest(const struct sanctions *sanctions, const struct store_sanction *like,
                          int64_t mono_ms)
{
    const struct standing *standing = find(sanctions, like->stream, like->user);
    uint64_t newest = 0;
    if (standing == NULL) {
        return 0;
    }
    for (struct link *link = standing->all.next; link != &standing->all; link = link->next) {
        const struct sanction *one = list_entry(link, struct sanction, link);
        const bool is_below = like->act == 0 || one->act < like->act;
        if (one->what == like->what && one->until_mono_ms > mono_ms && is_below) {
            newest = one->act;
        }
    }
    return newest;
}

static uint64_t oldest_after(const struct standing *standing, enum act_do what, uint64_t after,
                             int64_t mono_ms)
{
    uint64_t oldest = 0;
    if (standing == NULL) {
        return 0;
    }
    for (struct link *link = standing->all.next; link != &standing->all; link = link->next) {
        const struct sanction *one = list_entry(link, struct sanction, link);
        if (one->what == what && one->until_mono_ms > mono_ms && one->act > after &&
            (oldest == 0 || one->act < oldest)) {
            oldest = one->act;
        }
    }
    return oldest;
}

uint64_t sanctions_after(const struct sanctions *sanctions, const struct store_sanction *like,
                         uint64_t after, int64_t mono_ms)
{
    const uint64_t here =
        oldest_after(find(sanctions, like->stream, like->user), like->what, after, mono_ms);
    const uint64_t everywhere =
        oldest_after(find(sanctions, 0, like->user), like->what, after, mono_ms);
    return here == 0 || (everywhere != 0 && everywhere < here) ? everywhere : here;
}

bool sanctions_holds(const struct sanctions *sanctions, const struct store_sanction *one,
                     int64_t mono_ms)
{
    const struct standing *standing = find(sanctions, one->stream, one->user);
    if (standing == NULL) {
        return false;
    }
    for (struct link *link = standing->all.next; link != &standing->all; link = link->next) {
        const struct sanction *other = list_entry(link, struct sanction, link);
        if (other->act == one->act && other->until_mono_ms > mono_ms) {
            return true;
        }
    }
    return false;
}

enum err sanctions_sweep(struct sanctions *sanctions, struct store *store, int64_t mono_ms)
{
    for (uint32_t i = 0; i < SANCTIONS_SWEPT && !list_is_empty(&sanctions->timed); i++) {
        struct sanction *one = list_entry(sanctions->timed.next, struct sanction, timed);
        struct standing *standing = one->standing;
        list_remove(&one->timed);
        list_push(&sanctions->timed, &one->timed);
        if (one->until_mono_ms <= mono_ms) {
            TRY(store_sanctions_delete(store, one->act, name_of(standing)));
            drop(sanctions, one);
            forget_if_bare(sanctions, standing);
        }
    }
    return ERR_OK;
}
