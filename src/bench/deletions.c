// SPDX-License-Identifier: Apache-2.0
#include "bench/deletions.h"

/* The number of the act on that comment; 0: none. */
static uint32_t find(const struct deletions *deletions, uint64_t seq)
{
    uint32_t low = 0, high = deletions_count(deletions);
    if (high == 0 || seq > deletions->made[high - 1].seq) {
        return 0;
    }
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (deletions->made[middle].seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return deletions->made[low].seq == seq ? low + 1 : 0;
}

uint32_t deletions_add(struct deletions *deletions, uint64_t seq, int64_t now_us)
{
    const uint32_t count = deletions_count(deletions);
    if (count == DELETIONS_MAX || seq == 0 ||
        (count > 0 && seq <= deletions->made[count - 1].seq)) {
        return 0;
    }
    deletions->made[count].seq = seq;
    deletions->made[count].asked_us = now_us;
    atomic_store_explicit(&deletions->count, count + 1, memory_order_release);
    return count + 1;
}

void deletions_answered(struct deletions *deletions, uint32_t number, int64_t now_us)
{
    atomic_store_explicit(&deletions_at(deletions, number)->answered_us, now_us,
                          memory_order_release);
}

void deletions_open(struct deletions_sight *sight, int64_t now_us)
{
    sight->told = 0;
    sight->since_us = now_us;
}

bool deletions_told(const struct deletions *deletions, struct deletions_sight *sight, uint64_t seq,
                    int64_t *ret_asked_us)
{
    const uint32_t number = find(deletions, seq);
    if (number > sight->told) {
        sight->told = number;
    }
    if (number <= sight->timed) {
        return false;
    }
    sight->timed = number;
    *ret_asked_us = deletions->made[number - 1].asked_us;
    return true;
}

enum deletions_verdict deletions_judge(const struct deletions *deletions,
                                       const struct deletions_sight *sight, uint64_t seq,
                                       int64_t now_us)
{
    const uint32_t number = find(deletions, seq);
    if (number == 0) {
        return DELETIONS_FINE;
    }
    const int64_t answered_us =
        atomic_load_explicit(&deletions->made[number - 1].answered_us, memory_order_acquire);
    const bool was_answered = answered_us > 0;
    if (number <= sight->told || (was_answered && answered_us < sight->since_us)) {
        return DELETIONS_WRONG;
    }
    return was_answered && answered_us < now_us ? DELETIONS_LATE : DELETIONS_FINE;
}
