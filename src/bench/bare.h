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

struct bare {
    int pid; // 0: none
    int orders_fd;
    struct address address; // where it takes its readers
};

/* The child takes `readers` connections, then sends at each order. */
MUST_USE enum err bare_start(struct bare *bare, uint32_t readers);
/* One round: `bytes` to each. Returns at once. */
void bare_send(struct bare *bare, uint32_t bytes);
void bare_stop(struct bare *bare); // zeroed is legal
