// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/posters.h"

#include "base/mem.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { CAP_MIN = 64 };

void posters_init(struct posters *posters)
{
    *posters = (struct posters){.count = 0};
}

void posters_done(struct posters *posters)
{
    mem_free(MEM_ENGINE, posters->slots);
    posters_init(posters);
}

static uint64_t key_of(uint64_t user)
{
    return user == 0 ? 1 : user;
}

/* Where it stands, or would. */
static struct poster *slot_of(const struct posters *posters, uint64_t key)
{
    uint32_t at = (uint32_t)key & (posters->cap - 1);
    while (posters->slots[at].user != 0 && posters->slots[at].user != key) {
        at = (at + 1) & (posters->cap - 1);
    }
    return &posters->slots[at];
}

int64_t posters_last(const struct posters *posters, uint64_t user)
{
    if (posters->count == 0) {
        return INT64_MIN;
    }
    const struct poster *slot = slot_of(posters, key_of(user));
    return slot->user == 0 ? INT64_MIN : slot->last_ms;
}

static int compare(const void *a, const void *b)
{
    const int64_t x = ((const struct poster *)a)->last_ms;
    const int64_t y = ((const struct poster *)b)->last_ms;
    return x < y ? -1 : x > y;
}

/* The newest `keep` go into a table of `cap`. */
static enum err rebuild(struct posters *posters, uint32_t cap, uint32_t keep)
{
    struct posters made = {.cap = cap};
    uint32_t found = 0;
    made.slots = mem_new(MEM_ENGINE, cap * sizeof(*made.slots));
    if (made.slots == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < posters->cap; i++) { // what is had moves to the front
        if (posters->slots[i].user != 0) {
            posters->slots[found++] = posters->slots[i];
        }
    }
    if (found > keep) {
        qsort(posters->slots, found, sizeof(*posters->slots), compare);
    }
    for (uint32_t i = found > keep ? found - keep : 0; i < found; i++) {
        *slot_of(&made, posters->slots[i].user) = posters->slots[i];
        made.count++;
    }
    posters_done(posters);
    *posters = made;
    return ERR_OK;
}

static enum err make_room(struct posters *posters)
{
    if (posters->count >= POSTERS_MAX) {
        return rebuild(posters, posters->cap, POSTERS_MAX / 2);
    }
    if (posters->count * 4 < posters->cap * 3) {
        return ERR_OK;
    }
    return rebuild(posters, posters->cap == 0 ? CAP_MIN : posters->cap * 2, POSTERS_MAX);
}

static enum err find_or_make(struct posters *posters, uint64_t user, struct poster **ret_slot)
{
    TRY(make_room(posters));
    struct poster *slot = slot_of(posters, key_of(user));
    if (slot->user == 0) {
        *slot = (struct poster){.user = key_of(user), .last_ms = INT64_MIN};
        posters->count++;
    }
    *ret_slot = slot;
    return ERR_OK;
}

enum err posters_note(struct posters *posters, uint64_t user, int64_t mono_ms)
{
    struct poster *slot = NULL;
    TRY(find_or_make(posters, user, &slot));
    if (mono_ms > slot->last_ms) {
        slot->last_ms = mono_ms;
    }
    return ERR_OK;
}

enum err posters_place(struct posters *posters, uint64_t user)
{
    struct poster *slot = NULL;
    TRY(find_or_make(posters, user, &slot));
    slot->is_placed = true;
    return ERR_OK;
}

bool posters_is_placed(const struct posters *posters, uint64_t user)
{
    const uint64_t key = key_of(user);
    return posters->count > 0 && slot_of(posters, key)->user == key &&
           slot_of(posters, key)->is_placed;
}
