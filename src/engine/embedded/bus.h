// SPDX-License-Identifier: Apache-2.0
/* bus -- carries committed events to the watches of this process: one letter a home and batch.
 *
 * Owns:     what it knows of each home, and its subs (one for each watch that is on).
 * Used by:  writer.c.
 * Thread:   the ordering thread's; letters open on their homes.
 * Bound:    bounds.bytes_max or events_max lie unopened at a home; with more, each of its watches
 * for which something comes gets on_behind once and is off.
 * Promise:  a watch gets each event published between bus_add() and bus_remove() once, in order;
 * letters sent to its home after bus_flush() open after those events.
 */
#pragma once

#include "base/err.h"
#include "base/home.h"
#include "base/list.h"
#include "base/map.h"
#include "base/metric.h"
#include "hub/port.h"

#include <stdbool.h>
#include <stdint.h>

enum { BUS_EVENTS_MAX = 65536 };
#define BUS_BYTES_MAX (UINT64_C(8) << 20)

/* Who follows one stream: the list of those who watch it, and the homes, by their bits, where one
 * fell behind that is not back. Their viewers are still there: those homes read what they missed
 * before they send on, so what is to take effect at once has to be in the log. */
struct bus_subs {
    struct link list; // of struct sub
    uint64_t fallen;
};

struct bus_bounds { // of what lies unopened at a home
    uint64_t events_max, bytes_max;
};

struct bus {
    struct bus_bounds bounds;
    struct link homes; // of struct bus_home; as many as there are reactors
    uint32_t home_count;
    struct link laden;     // those that have a letter being filled
    struct metric *unsent; // borrowed: notices that a home behind was not sent; NULL: not counted
};

void bus_init(struct bus *bus, const struct bus_bounds *bounds);
void bus_done(struct bus *bus); // all watches are off; letters may still be on their way

void bus_subs_init(struct bus_subs *subs);
bool bus_is_watched(const struct bus_subs *subs);
/* The same, or by one that fell behind; its home may have left since, and not have said so. */
bool bus_is_followed(const struct bus_subs *subs);

/* `subs` are the stream's, and stay while it is watched. ERR_NOMEM: the watch is not on. */
MUST_USE enum err bus_add(struct bus *bus, struct bus_subs *subs, struct watch *watch);
void bus_remove(struct bus *bus, struct bus_subs *subs, const struct watch *watch); // off: legal
/* Puts the event into the letters of all who watch; bus_flush() sends them. */
void bus_publish(struct bus *bus, struct bus_subs *subs, struct event *event);
/* Likewise a notice, for those who want some. A home that is behind misses it: no log has it. */
void bus_notify(struct bus *bus, struct bus_subs *subs, struct notice *notice);
/* Once to each home where one wants some and that is not behind. */
void bus_notify_homes(struct bus *bus, struct notice *notice);
void bus_flush(struct bus *bus);

/* The homes that may send what was published: a watch is there, or one fell behind that has not
 * opened the letter which says so. */
struct bus_home_walk {
    struct link *next, *end;
};
struct bus_home_walk bus_homes(struct bus *bus);
struct home *bus_next_home(struct bus_home_walk *walk); // NULL: that was the last
