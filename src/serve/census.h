// SPDX-License-Identifier: Apache-2.0
/* census -- who is connected to this node, over all reactors: exact counts by address, by user, and
 * of viewers.
 *
 * Owns:     an entry for each address and each user that is connected now.
 * Used by:  serve/; app/ makes the one of the process.
 * Thread:   any. CENSUS is a leaf lock, taken only when a connection comes, says who it is, or
 *           goes; never while anything is sent.
 * Bound:    an entry lives as long as a seat that counts in it: at most one of each a connection.
 * Promise:  a user beyond the bound loses the oldest of their seats that was not told yet: its home
 *           gets a letter and runs `replaced` there, if the seat is still taken then.
 */
#pragma once

#include "base/err.h"
#include "base/home.h"
#include "base/list.h"
#include "base/str.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

struct census;

struct census_options {
    uint64_t seed;              // of the tables' hashes
    uint32_t conns_address_max; // 0: off
    uint32_t conns_user_max;    // 0: off
    uint32_t viewers_max;       // of this node; 0: off
};

MUST_USE enum err census_new(const struct census_options *options, struct census **ret_census);
void census_free(struct census *census); // no seat is taken any more; NULL is legal

struct census_claim; // census.c: what only a user's connection needs

/* A connection's place in the counts; embedded in it, zeroed before its first use. */
struct census_seat {
    struct census_address *address; // borrowed: NULL while it does not count by address
    struct census_claim *claim;     // owned: NULL while it does not count by user
    uint32_t further;               // viewers besides the first
    bool is_viewer;
};
_Static_assert(sizeof(struct census_seat) <= 24, "every connection has one");

/* Counts the seat by address (IPv6 by /64). ERR_LIMIT: that address has its share. ERR_NOMEM.
 * A seat that counts by one already moves. */
MUST_USE enum err census_count_address(struct census *census, struct census_seat *seat,
                                       const struct address *address);
/* Who is told that a seat is another's now: `replaced` runs at `home`. */
struct census_recall {
    struct home *home;
    void (*replaced)(struct census_seat *seat);
};
/* Counts the seat as `user`'s. A seat that counts for another moves. ERR_NOMEM. */
MUST_USE enum err census_count_user(struct census *census, struct census_seat *seat,
                                    struct str user, const struct census_recall *recall);
/* ERR_LIMIT: the node is full. Twice is once. */
MUST_USE enum err census_count_viewer(struct census *census, struct census_seat *seat);
/* The seat reads a further stream, a viewer of its own. ERR_LIMIT: the node is full. */
MUST_USE enum err census_count_further(struct census *census, struct census_seat *seat);
void census_leave_further(struct census *census, struct census_seat *seat); // none is legal
/* It reads no more: the seat counts neither as a viewer nor for a user. Legal when it did not. */
void census_leave_reader(struct census *census, struct census_seat *seat);
/* Gives all back; the seat's home only. Legal when it counts nowhere. */
void census_leave(struct census *census, struct census_seat *seat);

uint32_t census_viewers(struct census *census);
uint32_t census_addresses(struct census *census); // how many differ
