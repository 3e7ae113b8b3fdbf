// SPDX-License-Identifier: Apache-2.0
/* barrier -- acts are answered when every home that follows streams has what was published.
 *
 *      ordering thread: events ─▶ bus ─▶ then one letter a home ─▶ opened behind those events
 *                                                                    │ the last one
 *                                        answers of the acts ◀───────┘
 *
 * Used by:  batch.c.
 * Thread:   made and sent by the ordering thread; its letters open on their homes.
 * Bound:    one for each batch that holds acts.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/bus.h"
#include "hub/port.h"

#include <stdint.h>

struct barrier;

/* Room for all homes that `bus` knows. NULL: no memory. */
MUST_USE struct barrier *barrier_new(const struct bus *bus, uint32_t acts_max);
/* It is to be finished behind what is published now. */
void barrier_add(struct barrier *barrier, struct act_call *act);
/* After bus_flush(). It frees itself. */
void barrier_send(struct barrier *barrier, struct bus *bus);
void barrier_free(struct barrier *barrier); // one that was not sent; NULL is legal
