// SPDX-License-Identifier: Apache-2.0
#include "api/tickets.h"

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metric.h"

#include <pthread.h>

const struct ticket_limits tickets_limits_usual = {
    .ttl_s = 30, .open = 65536, .open_user = 64, .open_address = 4096};

struct holder {           // a user or an address that has tickets open
    struct map_node node; // in `map`
    struct map *map;      // tickets->users or tickets->addresses
    struct link stakes;   // of its tickets, the oldest first
    uint32_t count;
    char key[];
};

struct stake {             // a ticket among those of a holder
    struct link link;      // in holder->stakes
    struct holder *holder; // borrowed: it is there as long as one of its tickets; NULL: none
    struct ticket *ticket; // it holds this
};

struct ticket {
    struct map_node node; // in tickets->by_text
    struct link link;     // in tickets->by_age
    struct stake of_user, of_address;
    struct claims *claims;
    int64_t until_ms;
    char text[TICKET_LEN + 1];
};

struct tickets {
    pthread_mutex_t lock; // TICKETS
    /* -- under TICKETS -- */
    struct map by_text, users, addresses;
    struct link by_age; // the oldest first
    struct metric open;
};

enum err tickets_new(uint64_t seed, struct tickets **ret_tickets)
{
    struct tickets *tickets = mem_new(MEM_OTHER, sizeof(*tickets));
    if (tickets == NULL) {
        return ERR_NOMEM;
    }
    if (pthread_mutex_init(&tickets->lock, NULL) != 0) {
        mem_free(MEM_OTHER, tickets);
        return ERR_NOMEM;
    }
    map_init(&tickets->by_text, MEM_OTHER, seed);
    map_init(&tickets->users, MEM_OTHER, seed + 1);
    map_init(&tickets->addresses, MEM_OTHER, seed + 2);
    list_init(&tickets->by_age);
    tickets->open = (struct metric){.name = "roar_tickets_open",
                                    .help = "Tickets neither used nor found too old yet.",
                                    .kind = METRIC_GAUGE};
    metric_add(&tickets->open);
    *ret_tickets = tickets;
    return ERR_OK;
}

static struct holder *find_or_make_holder(struct map *map, struct str key)
{
    struct map_node *node = map_find(map, key);
    if (node != NULL) {
        return map_entry(node, struct holder, node);
    }
    struct holder *holder = mem_new(MEM_OTHER, sizeof(*holder) + key.len);
    if (holder == NULL) {
        return NULL;
    }
    memcpy(holder->key, key.at, key.len);
    holder->node.key = (struct str){.at = holder->key, .len = key.len};
    holder->map = map;
    list_init(&holder->stakes);
    if (map_add(map, &holder->node) != ERR_OK) {
        mem_free(MEM_OTHER, holder);
        return NULL;
    }
    return holder;
}

static void free_if_empty(struct holder *holder)
{
    if (holder != NULL && holder->count == 0) {
        map_remove(holder->map, &holder->node);
        mem_free(MEM_OTHER, holder);
    }
}

static void take_stake(struct stake *stake, struct ticket *ticket, struct holder *holder)
{
    stake->ticket = ticket;
    stake->holder = holder;
    if (holder != NULL) {
        list_push(&holder->stakes, &stake->link);
        holder->count++;
    }
}

static void leave_stake(struct stake *stake)
{
    if (stake->holder != NULL) {
        list_remove(&stake->link);
        stake->holder->count--;
        free_if_empty(stake->holder);
    }
}

static void forget(struct tickets *tickets, struct ticket *ticket)
{
    leave_stake(&ticket->of_user);
    leave_stake(&ticket->of_address);
    map_remove(&tickets->by_text, &ticket->node);
    metric_count(&tickets->open, -1);
    list_remove(&ticket->link);
    claims_unref(ticket->claims);
    mem_free(MEM_OTHER, ticket);
}

static void forget_old(struct tickets *tickets, int64_t mono_ms)
{
    while (!list_is_empty(&tickets->by_age)) {
        struct ticket *oldest = list_entry(tickets->by_age.next, struct ticket, link);
        if (oldest->until_ms > mono_ms) {
            return;
        }
        forget(tickets, oldest);
    }
}

void tickets_free(struct tickets *tickets)
{
    if (tickets == NULL) {
        return;
    }
    forget_old(tickets, INT64_MAX);
    metric_remove(&tickets->open);
    map_done(&tickets->by_text);
    map_done(&tickets->users);
    map_done(&tickets->addresses);
    pthread_mutex_destroy(&tickets->lock);
    mem_free(MEM_OTHER, tickets);
}

static void write_text(struct ticket *ticket, const uint8_t *random)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < TICKET_LEN / 2; i++) {
        ticket->text[2 * i] = digits[random[i] >> 4];
        ticket->text[2 * i + 1] = digits[random[i] & 15];
    }
}

/* There may be fewer allowed than before, after a reload. */
static void forget_beyond(struct tickets *tickets, const struct holder *holder, uint32_t most)
{
    while (holder != NULL && holder->count > most) {
        forget(tickets, list_entry(holder->stakes.next, struct stake, link)->ticket);
    }
}

static enum err keep(struct tickets *tickets, struct ticket *ticket,
                     const struct ticket_grant *grant)
{
    forget_old(tickets, grant->mono_ms);
    if (tickets->by_text.count >= grant->limits->open) {
        return ERR_LIMIT;
    }
    const bool has_address = grant->address.len > 0;
    struct holder *user = find_or_make_holder(&tickets->users, grant->claims->sub);
    struct holder *address =
        has_address ? find_or_make_holder(&tickets->addresses, grant->address) : NULL;
    if (user == NULL || (has_address && address == NULL) ||
        map_add(&tickets->by_text, &ticket->node) != ERR_OK) {
        free_if_empty(user);
        free_if_empty(address);
        return ERR_NOMEM;
    }
    list_push(&tickets->by_age, &ticket->link);
    metric_count(&tickets->open, 1);
    take_stake(&ticket->of_user, ticket, user);
    take_stake(&ticket->of_address, ticket, address);
    forget_beyond(tickets, user, grant->limits->open_user);
    forget_beyond(tickets, address, grant->limits->open_address);
    return ERR_OK;
}

enum err tickets_grant(struct tickets *tickets, const struct ticket_grant *grant,
                       char ret_ticket[TICKET_LEN + 1])
{
    struct ticket *ticket = mem_new(MEM_OTHER, sizeof(*ticket));
    if (ticket == NULL) {
        return ERR_NOMEM;
    }
    write_text(ticket, grant->random);
    ticket->node.key = (struct str){.at = ticket->text, .len = TICKET_LEN};
    ticket->claims = claims_ref(grant->claims);
    ticket->until_ms = grant->mono_ms + (int64_t)grant->limits->ttl_s * 1000;
    char text[TICKET_LEN + 1]; // once kept, another thread may redeem and free it
    memcpy(text, ticket->text, sizeof(text));

    pthread_mutex_lock(&tickets->lock);
    const enum err err = keep(tickets, ticket, grant);
    pthread_mutex_unlock(&tickets->lock);
    if (err != ERR_OK) {
        claims_unref(ticket->claims);
        mem_free(MEM_OTHER, ticket);
        return err;
    }
    memcpy(ret_ticket, text, sizeof(text));
    return ERR_OK;
}

enum err tickets_redeem(struct tickets *tickets, struct str ticket, int64_t mono_ms,
                        struct claims **ret_claims)
{
    enum err err = ERR_NOT_FOUND;
    pthread_mutex_lock(&tickets->lock);
    forget_old(tickets, mono_ms);
    struct map_node *node = map_find(&tickets->by_text, ticket);
    struct ticket *found = node == NULL ? NULL : map_entry(node, struct ticket, node);
    if (found != NULL && found->until_ms > mono_ms) { // later ones may be good for a shorter time
        *ret_claims = claims_ref(found->claims);
        forget(tickets, found);
        err = ERR_OK;
    }
    pthread_mutex_unlock(&tickets->lock);
    return err;
}
