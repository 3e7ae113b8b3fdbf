// SPDX-License-Identifier: Apache-2.0
#include "api/tickets.h"

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

#include <pthread.h>

struct ticket {
    struct map_node node; // in tickets->by_text
    struct link link;     // in tickets->by_age
    struct claims *claims;
    int64_t until_ms;
    char text[TICKET_LEN + 1];
};

struct tickets {
    pthread_mutex_t lock; // TICKETS
    /* -- under TICKETS -- */
    struct map by_text;
    struct link by_age; // the oldest first
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
    list_init(&tickets->by_age);
    *ret_tickets = tickets;
    return ERR_OK;
}

static void forget(struct tickets *tickets, struct ticket *ticket)
{
    map_remove(&tickets->by_text, &ticket->node);
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
    map_done(&tickets->by_text);
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

static enum err keep(struct tickets *tickets, struct ticket *ticket, int64_t mono_ms)
{
    forget_old(tickets, mono_ms);
    if (tickets->by_text.count >= TICKETS_MAX) {
        return ERR_LIMIT;
    }
    TRY(map_add(&tickets->by_text, &ticket->node));
    list_push(&tickets->by_age, &ticket->link);
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
    ticket->until_ms = grant->mono_ms + TICKET_TTL_MS;
    char text[TICKET_LEN + 1]; // once kept, another thread may redeem and free it
    memcpy(text, ticket->text, sizeof(text));

    pthread_mutex_lock(&tickets->lock);
    const enum err err = keep(tickets, ticket, grant->mono_ms);
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
    if (node != NULL) {
        struct ticket *found = map_entry(node, struct ticket, node);
        *ret_claims = claims_ref(found->claims);
        forget(tickets, found);
        err = ERR_OK;
    }
    pthread_mutex_unlock(&tickets->lock);
    return err;
}
