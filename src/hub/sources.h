// SPDX-License-Identifier: Apache-2.0
/* sources -- how many are present from one address by beats alone: a session costs whoever makes
 * it up nothing, so the address is what a bound can hold on to.
 *
 * Owns:     a count for each address with somebody in it.
 * Used by:  presence.c, for the persons it owns.
 * Thread:   the owner's reactor.
 * Bound:    one entry a person who came by a beat, so hub_options.people_max; in each of them
 *           hub_options.people_address_max.
 */
#pragma once

#include "hub/heart.h"

struct source;

/* Is there room for one more from there? address 0: nobody counts it. */
bool sources_have_room(const struct hub *hub, uint64_t address);
/* One more; NULL where it does not count: address 0, no bound, no memory. */
struct source *sources_enter(struct hub *hub, uint64_t address);
void sources_leave(struct hub *hub, struct source *source); // NULL is legal
