// SPDX-License-Identifier: Apache-2.0
/* ports -- where a node listens: ports taken before anything else, or the sockets of the server it
 * follows.
 *
 * Owns:    the reservations, until ports_release().
 * Used by: node.c.
 * Thread:  main's.
 */
#pragma once

#include "app/config.h"
#include "app/takeover.h"
#include "app/worker.h"

struct ports {
    int reserved_fd, metrics_reserved_fd; // until all listen; -1: none
};

/* Fills in what concerns them of `plan`; sockets are borrowed from `takeover` until it is done.
 * Returns an exit code; what fails is logged. */
int ports_reserve(struct ports *ports, const struct config *config, const struct takeover *takeover,
                  struct worker_plan *plan);
void ports_release(struct ports *ports); // initialised is enough
