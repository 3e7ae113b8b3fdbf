// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/lease.h"

#include "base/must.h"
#include "sys/sys.h"

#include <stddef.h>

static const unsigned next_states[] = {
    [LEASE_OURS] = 1U << LEASE_ASKED,
    [LEASE_ASKED] = 1U << LEASE_LENT | 1U << LEASE_GIVEN,
    [LEASE_LENT] = 1U << LEASE_GIVEN | 1U << LEASE_OURS,
    [LEASE_GIVEN] = 0,
};

void lease_init(struct lease *lease, const char *lock_path)
{
    *lease = (struct lease){.lock_path = lock_path, .lock_fd = -1};
    call_queue_init(&lease->held);
    atomic_init(&lease->state, LEASE_OURS);
}

enum err lease_lock(struct lease *lease)
{
    return sys_file_lock(lease->lock_path, &lease->lock_fd);
}

void lease_unlock(struct lease *lease)
{
    sys_close(lease->lock_fd);
    lease->lock_fd = -1;
}

enum lease_state lease_state(const struct lease *lease)
{
    return (enum lease_state)atomic_load_explicit(&lease->state, memory_order_relaxed);
}

void lease_become(struct lease *lease, enum lease_state state)
{
    must((next_states[lease_state(lease)] & 1U << state) != 0);
    atomic_store_explicit(&lease->state, (int)state, memory_order_relaxed);
}

void lease_release(struct lease *lease)
{
    for (uint32_t left = lease->held.count; left > 0; left--) {
        struct letter *letter = call_queue_pop(&lease->held);
        letter->open(letter);
    }
}
