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

#include <stdint.h>

struct bare_round { // bytes to each of so many readers, `count` times, by the clock
    int64_t from_us, each_us;
    uint32_t count, bytes, readers;
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
void bare_stop(struct bare *bare); // zeroed is legal
