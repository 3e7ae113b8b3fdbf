// SPDX-License-Identifier: Apache-2.0
/* map -- a hash table of nodes embedded in what it holds, found by text key.
 *
 * Owns:    its array of slots; never the nodes.
 * Thread:  its owner's.
 * Bound:   the caller's; it doubles as it fills.
 * Promise: nodes never move; a node may be removed while map_next() walks, if it is the one just
 *          returned.
 */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct map_node {
    struct map_node *next; // in its slot's chain
    struct str key; // borrowed from the struct that embeds this node; frozen while in the map
    uint64_t hash;
};

struct map {
    struct map_node **slots; // owned; [slot_count], chains
    size_t slot_count;       // a power of two, or 0
    size_t count;            // nodes held
    uint64_t seed;           // of the hash, so that keys cannot be chosen to collide
    enum mem_kind kind;
};

#define map_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

void map_init(struct map *map, enum mem_kind kind, uint64_t seed);
void map_done(struct map *map);                                   // the nodes are the caller's
struct map_node *map_find(const struct map *map, struct str key); // NULL: none
/* node->key is set; the key must not be in the map. ERR_NOMEM. */
MUST_USE enum err map_add(struct map *map, struct map_node *node);
void map_remove(struct map *map, struct map_node *node);

/* Walks all nodes in no order; NULL is the end. Nothing may be added meanwhile. */
struct map_walk {
    size_t slot;
    struct map_node *next;
};
struct map_node *map_next(const struct map *map, struct map_walk *walk); // walk starts zeroed
