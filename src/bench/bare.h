// SPDX-License-Identifier: Apache-2.0
/* bare -- the floor, F: a process that does nothing but send() the same bytes to the same number of
 * sockets, one after another. What it spends a call is what the kernel takes; a server is measured
 * by how little it adds.
 *
 * Owns:    the child.
 * Thread:  the conductor's; bare_start() before any thread is made.
 */
#pragma once

#include "base/err.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

struct bare_round { // bytes to each of so many readers, `count` times, by the clock
    int64_t from_us, each_us;
    uint32_t count, bytes, readers;
};

struct bare_told {    // of the last round that was sent
    int64_t spent_us; // in its loops, by the clock
    uint32_t loops;
};

struct bare {
    int pid; // 0: none
    int orders_fd;
    struct address address; // where it takes its readers
};

/* The child takes `readers` connections, then sends as it is ordered. */
MUST_USE enum err bare_start(struct bare *bare, uint32_t readers);
/* Returns at once. */
void bare_send(struct bare *bare, const struct bare_round *round);
/* When it has sent all of it; how long the loops took. False: not yet. */
bool bare_told(const struct bare *bare, struct bare_told *ret_told);
void bare_stop(struct bare *bare); // zeroed is legal
