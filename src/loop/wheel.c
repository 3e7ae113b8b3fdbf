// SPDX-License-Identifier: Apache-2.0
/* A timer lies in slot (tick mod WHEEL_SLOTS), whatever round it is for; a turn looks at each slot
 * between the last turn and now and takes out those whose tick has come. A bitmap of occupied
 * slots finds the next one without walking 4,096 empty lists. */
#include "loop/wheel.h"

#include "base/must.h"

void wheel_init(struct wheel *wheel, int64_t now_ms)
{
    *wheel = (struct wheel){.now_tick = now_ms / WHEEL_TICK_MS};
    for (size_t i = 0; i < WHEEL_SLOTS; i++) {
        list_init(&wheel->slots[i]);
    }
}

static int64_t tick_of(const struct timer *timer)
{
    return (timer->at_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS; // up: never before its time
}

static size_t slot_of(int64_t tick)
{
    return (size_t)tick % WHEEL_SLOTS;
}

void wheel_arm(struct wheel *wheel, struct timer *timer, int64_t at_ms)
{
    wheel_cancel(wheel, timer);
    const int64_t soonest_ms = wheel->now_tick * WHEEL_TICK_MS;
    timer->at_ms = at_ms < soonest_ms ? soonest_ms : at_ms;
    const size_t slot = slot_of(tick_of(timer));
    list_push(&wheel->slots[slot], &timer->link);
    wheel->occupied[slot / 64] |= UINT64_C(1) << slot % 64;
    wheel->armed++;
}

static void forget_if_empty(struct wheel *wheel, size_t slot)
{
    if (list_is_empty(&wheel->slots[slot])) {
        wheel->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    }
}

void wheel_cancel(struct wheel *wheel, struct timer *timer)
{
    if (list_holds(&timer->link)) {
        list_remove(&timer->link);
        forget_if_empty(wheel, slot_of(tick_of(timer)));
        wheel->armed--;
    }
}

/* Moves what is due by `tick` from a slot to `due`, keeping the order of arming. */
static void take_due(struct wheel *wheel, size_t slot, int64_t tick, struct link *due)
{
    struct link *link = wheel->slots[slot].next;
    while (link != &wheel->slots[slot]) {
        struct link *next = link->next;
        if (tick_of(list_entry(link, struct timer, link)) <= tick) {
            list_remove(link);
            list_push(due, link);
        }
        link = next;
    }
    forget_if_empty(wheel, slot);
}

void wheel_turn(struct wheel *wheel, int64_t now_ms)
{
    const int64_t tick = now_ms / WHEEL_TICK_MS;
    const int64_t first =
        tick - wheel->now_tick >= WHEEL_SLOTS ? tick - WHEEL_SLOTS + 1 : wheel->now_tick;
    struct link due;
    list_init(&due);
    for (int64_t at = first; at <= tick; at++) {
        if (wheel->occupied[slot_of(at) / 64] & UINT64_C(1) << slot_of(at) % 64) {
            take_due(wheel, slot_of(at), tick, &due);
        }
    }
    if (tick >= wheel->now_tick) {
        wheel->now_tick = tick + 1; // what `fire` arms for now waits for the next tick
    }
    for (struct link *link = list_pop(&due); link != NULL; link = list_pop(&due)) {
        struct timer *timer = list_entry(link, struct timer, link);
        wheel->armed--;
        timer->fire(timer);
    }
}

int64_t wheel_next_ms(const struct wheel *wheel)
{
    if (wheel->armed == 0) {
        return INT64_MAX;
    }
    const size_t start = slot_of(wheel->now_tick);
    for (size_t i = 0; i <= WHEEL_SLOTS / 64; i++) {
        const size_t word = (start / 64 + i) % (WHEEL_SLOTS / 64);
        uint64_t bits = wheel->occupied[word];
        if (i == 0) {
            bits &= UINT64_MAX << start % 64;
        }
        if (bits != 0) {
            const size_t slot = word * 64 + (size_t)__builtin_ctzll(bits);
            const size_t ahead = (slot + WHEEL_SLOTS - start) % WHEEL_SLOTS;
            return (wheel->now_tick + (int64_t)ahead) * WHEEL_TICK_MS;
        }
    }
    must(false); // armed, and no slot is occupied
    return INT64_MAX;
}
