// SPDX-License-Identifier: Apache-2.0
#include "serve/census.h"

#include "base/map.h"
#include "base/must.h"

#include <pthread.h>
#include <string.h>

enum { ADDRESS_KEY_BYTES = 16 };

struct census_address {
    struct map_node node; // in census->addresses; its key is `bytes`
    uint32_t seats;
    uint8_t bytes[ADDRESS_KEY_BYTES];
};

struct census_user {
    struct map_node node; // in census->users; its key is `name`
    struct link claims;   // struct census_claim, oldest first
    uint32_t staying;     // of them: not told to go
    char name[];
};

/* A seat that counts for a user. */
struct census_claim {
    struct link link; // in user->claims
    struct census_user *user;
    struct census_seat *seat; // it owns this
    struct census_recall recall;
    uint64_t id;
    bool told; // it was asked to go
};

struct census {
    /* -- frozen -- */
    struct census_options limits;
    /* -- under CENSUS -- */
    pthread_mutex_t lock;
    struct map addresses, users;
    uint32_t viewers;
    uint64_t next_id;
};

/* On its way to the home of a seat that has to go. */
struct parting {
    struct letter letter;
    struct census *census; // borrowed; outlives every reactor
    uint64_t id;           // of the seat, which may be left by now
    size_t user_len;
    char user[];
};

enum err census_new(const struct census_options *options, struct census **ret_census)
{
    struct census *census = mem_new(MEM_OTHER, sizeof(*census));
    if (census == NULL) {
        return ERR_NOMEM;
    }
    census->limits = *options;
    must(pthread_mutex_init(&census->lock, NULL) == 0);
    map_init(&census->addresses, MEM_CONN, options->seed);
    map_init(&census->users, MEM_CONN, options->seed + 1);
    *ret_census = census;
    return ERR_OK;
}

void census_free(struct census *census)
{
    if (census == NULL) {
        return;
    }
    must(census->addresses.count == 0 && census->users.count == 0 && census->viewers == 0);
    map_done(&census->addresses);
    map_done(&census->users);
    must(pthread_mutex_destroy(&census->lock) == 0);
    mem_free(MEM_OTHER, census);
}

static void lock(struct census *census)
{
    must(pthread_mutex_lock(&census->lock) == 0);
}

static void unlock(struct census *census)
{
    must(pthread_mutex_unlock(&census->lock) == 0);
}

/* ---- addresses ---- */

static void leave_address(struct census *census, struct census_seat *seat)
{
    struct census_address *address = seat->address;
    seat->address = NULL;
    if (address != NULL && --address->seats == 0) {
        map_remove(&census->addresses, &address->node);
        mem_free(MEM_CONN, address);
    }
}

static enum err join_address(struct census *census, struct census_seat *seat, struct str key)
{
    struct map_node *node = map_find(&census->addresses, key);
    struct census_address *address =
        node == NULL ? NULL : map_entry(node, struct census_address, node);
    if (address != NULL && address == seat->address) {
        return ERR_OK;
    }
    if (address != NULL && address->seats >= census->limits.conns_address_max) {
        return ERR_LIMIT;
    }
    if (address == NULL) {
        address = mem_new(MEM_CONN, sizeof(*address));
        if (address == NULL) {
            return ERR_NOMEM;
        }
        memcpy(address->bytes, key.at, key.len);
        address->node.key = (struct str){.at = (const char *)address->bytes, .len = key.len};
        if (map_add(&census->addresses, &address->node) != ERR_OK) {
            mem_free(MEM_CONN, address);
            return ERR_NOMEM;
        }
    }
    address->seats++;
    leave_address(census, seat);
    seat->address = address;
    return ERR_OK;
}

enum err census_count_address(struct census *census, struct census_seat *seat,
                              const struct address *address)
{
    if (census->limits.conns_address_max == 0) {
        return ERR_OK;
    }
    uint8_t key[ADDRESS_KEY_BYTES];
    memcpy(key, address->bytes, sizeof(key));
    if (!address_is_v4(address)) {
        memset(key + ADDRESS_KEY_BYTES / 2, 0, ADDRESS_KEY_BYTES / 2);
    }
    lock(census);
    const enum err err =
        join_address(census, seat, (struct str){.at = (const char *)key, .len = sizeof(key)});
    unlock(census);
    return err;
}

/* ---- users ---- */

static void free_if_left(struct census *census, struct census_user *user)
{
    if (list_is_empty(&user->claims)) {
        map_remove(&census->users, &user->node);
        mem_free(MEM_CONN, user);
    }
}

static void leave_user(struct census *census, struct census_seat *seat)
{
    struct census_claim *claim = seat->claim;
    if (claim == NULL) {
        return;
    }
    struct census_user *user = claim->user;
    list_remove(&claim->link);
    user->staying -= claim->told ? 0U : 1U;
    seat->claim = NULL;
    mem_free(MEM_CONN, claim);
    free_if_left(census, user);
}

static struct census_user *find_user(struct census *census, struct str name)
{
    struct map_node *node = map_find(&census->users, name);
    return node == NULL ? NULL : map_entry(node, struct census_user, node);
}

static struct census_user *find_or_make_user(struct census *census, struct str name)
{
    struct census_user *user = find_user(census, name);
    if (user != NULL) {
        return user;
    }
    user = mem_new(MEM_CONN, sizeof(*user) + name.len);
    if (user == NULL) {
        return NULL;
    }
    memcpy(user->name, name.at, name.len);
    user->node.key = (struct str){.at = user->name, .len = name.len};
    list_init(&user->claims);
    if (map_add(&census->users, &user->node) != ERR_OK) {
        mem_free(MEM_CONN, user);
        return NULL;
    }
    return user;
}

static void on_parting(struct letter *letter)
{
    struct parting *parting = (struct parting *)(void *)letter; // its first member
    struct census *census = parting->census;
    struct census_claim *found = NULL;
    lock(census);
    struct census_user *user =
        find_user(census, (struct str){.at = parting->user, .len = parting->user_len});
    if (user != NULL) {
        for (struct link *link = user->claims.next; link != &user->claims; link = link->next) {
            struct census_claim *claim = list_entry(link, struct census_claim, link);
            found = claim->id == parting->id ? claim : found;
        }
    }
    unlock(census);
    if (found != NULL) { // only this thread could make it leave
        found->recall.replaced(found->seat);
    }
    mem_free(MEM_CONN, parting);
}

/* Who of the user's seats has to go, as a letter to send once unlocked; NULL: nobody, or no
 * memory. */
static struct parting *part_with_oldest(struct census *census, struct census_user *user,
                                        struct home **ret_home)
{
    if (user->staying <= census->limits.conns_user_max) {
        return NULL;
    }
    struct link *link = user->claims.next;
    while (list_entry(link, struct census_claim, link)->told) {
        link = link->next;
    }
    struct census_claim *oldest = list_entry(link, struct census_claim, link);
    struct parting *parting = mem_new(MEM_CONN, sizeof(*parting) + user->node.key.len);
    if (parting == NULL) {
        return NULL;
    }
    oldest->told = true;
    user->staying--;
    parting->letter.open = on_parting;
    parting->census = census;
    parting->id = oldest->id;
    parting->user_len = user->node.key.len;
    memcpy(parting->user, user->name, parting->user_len);
    *ret_home = oldest->recall.home;
    return parting;
}

static enum err stake(struct census *census, struct census_seat *seat, struct census_user *user,
                      const struct census_recall *recall)
{
    struct census_claim *claim = mem_new(MEM_CONN, sizeof(*claim));
    if (claim == NULL) {
        free_if_left(census, user);
        return ERR_NOMEM;
    }
    leave_user(census, seat);
    *claim = (struct census_claim){
        .user = user, .seat = seat, .recall = *recall, .id = ++census->next_id};
    seat->claim = claim;
    list_push(&user->claims, &claim->link);
    user->staying++;
    return ERR_OK;
}

enum err census_count_user(struct census *census, struct census_seat *seat, struct str user,
                           const struct census_recall *recall)
{
    enum err err = ERR_NOMEM;
    struct parting *parting = NULL;
    struct home *home = NULL;
    if (census->limits.conns_user_max == 0) {
        return ERR_OK;
    }
    lock(census);
    struct census_user *found = find_or_make_user(census, user);
    if (found != NULL && seat->claim != NULL && seat->claim->user == found) {
        err = ERR_OK;
    } else if (found != NULL) {
        err = stake(census, seat, found, recall);
        parting = err == ERR_OK ? part_with_oldest(census, found, &home) : NULL;
    }
    unlock(census);
    if (parting != NULL) {
        home_send(home, &parting->letter);
    }
    return err;
}

/* ---- viewers, and the end ---- */

static enum err count_one(struct census *census)
{
    const uint32_t max = census->limits.viewers_max;
    if (max > 0 && census->viewers >= max) {
        return ERR_LIMIT;
    }
    census->viewers++;
    return ERR_OK;
}

enum err census_count_viewer(struct census *census, struct census_seat *seat)
{
    enum err err = ERR_OK;
    lock(census);
    if (!seat->is_viewer) {
        err = count_one(census);
        seat->is_viewer = err == ERR_OK;
    }
    unlock(census);
    return err;
}

enum err census_count_further(struct census *census, struct census_seat *seat)
{
    lock(census);
    const enum err err = count_one(census);
    seat->further += err == ERR_OK ? 1U : 0U;
    unlock(census);
    return err;
}

void census_leave_further(struct census *census, struct census_seat *seat)
{
    lock(census);
    if (seat->further > 0) {
        seat->further--;
        census->viewers--;
    }
    unlock(census);
}

static void stop_reading(struct census *census, struct census_seat *seat)
{
    leave_user(census, seat);
    census->viewers -= seat->further + (seat->is_viewer ? 1U : 0U);
    seat->further = 0;
    seat->is_viewer = false;
}

void census_leave_reader(struct census *census, struct census_seat *seat)
{
    if (seat->claim != NULL || seat->is_viewer) {
        lock(census);
        stop_reading(census, seat);
        unlock(census);
    }
}

void census_leave(struct census *census, struct census_seat *seat)
{
    if (seat->address != NULL || seat->claim != NULL || seat->is_viewer) {
        lock(census);
        leave_address(census, seat);
        stop_reading(census, seat);
        unlock(census);
    }
}

uint32_t census_viewers(struct census *census)
{
    lock(census);
    const uint32_t viewers = census->viewers;
    unlock(census);
    return viewers;
}

uint32_t census_addresses(struct census *census)
{
    lock(census);
    const uint32_t count = (uint32_t)census->addresses.count;
    unlock(census);
    return count;
}
