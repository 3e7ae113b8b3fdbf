// SPDX-License-Identifier: Apache-2.0
/* list -- a ring of links embedded in what it lists; an empty list points at itself.
 *
 * Every `struct link` member names its list in a comment. list_remove() of a link in no list
 * (zeroed or removed) is legal and does nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next, *prev; // NULL while in no list
};

/* The struct that holds this link. */
#define list_entry(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct link *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool list_is_empty(const struct link *list)
{
    return list->next == list;
}

static inline bool list_holds(const struct link *link)
{
    return link->next != NULL;
}

static inline void list_push(struct link *list, struct link *link) // at the end
{
    link->next = list;
    link->prev = list->prev;
    list->prev->next = link;
    list->prev = link;
}

/* All of `from`, in its order, behind what is in `list`. */
static inline void list_push_all(struct link *list, struct link *from)
{
    if (!list_is_empty(from)) {
        from->next->prev = list->prev;
        list->prev->next = from->next;
        from->prev->next = list;
        list->prev = from->prev;
        list_init(from);
    }
}

static inline void list_remove(struct link *link)
{
    if (link->next != NULL) {
        link->prev->next = link->next;
        link->next->prev = link->prev;
        link->next = NULL;
        link->prev = NULL;
    }
}

/* The first link, taken out; NULL when empty. */
static inline struct link *list_pop(struct link *list)
{
    struct link *first = list->next;
    if (first == list) {
        return NULL;
    }
    list_remove(first);
    return first;
}
