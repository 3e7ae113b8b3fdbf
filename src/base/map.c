// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include "base/hash.h"
#include "base/must.h"

enum { SLOTS_MIN = 8 };

void map_init(struct map *map, enum mem_kind kind, uint64_t seed)
{
    *map = (struct map){.kind = kind, .seed = seed};
}

void map_done(struct map *map)
{
    mem_free(map->kind, map->slots);
    map->slots = NULL;
    map->slot_count = 0;
    map->count = 0;
}

struct map_node *map_find(const struct map *map, struct str key)
{
    if (map->count == 0) {
        return NULL;
    }
    const uint64_t hash = hash_str(map->seed, key);
    struct map_node *node = map->slots[hash & (map->slot_count - 1)];
    while (node != NULL && !(node->hash == hash && str_eq(node->key, key))) {
        node = node->next;
    }
    return node;
}

static enum err resize(struct map *map, size_t slot_count)
{
    struct map_node **slots = mem_new(map->kind, slot_count * sizeof(struct map_node *));
    if (slots == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < map->slot_count; i++) {
        struct map_node *node = map->slots[i];
        while (node != NULL) {
            struct map_node *next = node->next;
            struct map_node **slot = &slots[node->hash & (slot_count - 1)];
            node->next = *slot;
            *slot = node;
            node = next;
        }
    }
    mem_free(map->kind, map->slots);
    map->slots = slots;
    map->slot_count = slot_count;
    return ERR_OK;
}

enum err map_add(struct map *map, struct map_node *node)
{
    dcheck(map_find(map, node->key) == NULL);
    if (map->count >= map->slot_count) {
        TRY(resize(map, map->slot_count == 0 ? SLOTS_MIN : map->slot_count * 2));
    }
    node->hash = hash_str(map->seed, node->key);
    struct map_node **slot = &map->slots[node->hash & (map->slot_count - 1)];
    node->next = *slot;
    *slot = node;
    map->count++;
    return ERR_OK;
}

void map_remove(struct map *map, struct map_node *node)
{
    struct map_node **place = &map->slots[node->hash & (map->slot_count - 1)];
    while (*place != node) {
        must(*place != NULL);
        place = &(*place)->next;
    }
    *place = node->next;
    node->next = NULL;
    map->count--;
}

struct map_node *map_next(const struct map *map, struct map_walk *walk)
{
    while (walk->next == NULL && walk->slot < map->slot_count) {
        walk->next = map->slots[walk->slot++];
    }
    struct map_node *node = walk->next;
    if (node != NULL) {
        walk->next = node->next;
    }
    return node;
}
