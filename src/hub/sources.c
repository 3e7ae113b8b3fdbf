// SPDX-License-Identifier: Apache-2.0
#include "hub/sources.h"

#include "base/mem.h"

struct source {
    struct map_node node; // in hub->sources; its key is `address`
    uint64_t address;
    uint32_t count;
};

static struct source *find(const struct hub *hub, uint64_t address)
{
    const struct str key = {.at = (const char *)&address, .len = sizeof(address)};
    struct map_node *node = map_find(&hub->sources, key);
    return node == NULL ? NULL : map_entry(node, struct source, node);
}

bool sources_have_room(const struct hub *hub, uint64_t address)
{
    const uint32_t max = hub->options.people_address_max;
    const struct source *source = max == 0 || address == 0 ? NULL : find(hub, address);
    return source == NULL || source->count < max;
}

struct source *sources_enter(struct hub *hub, uint64_t address)
{
    if (address == 0 || hub->options.people_address_max == 0) {
        return NULL;
    }
    struct source *source = find(hub, address);
    if (source == NULL) {
        source = mem_new(MEM_STREAM, sizeof(*source));
        if (source == NULL) {
            return NULL;
        }
        source->address = address;
        source->node.key =
            (struct str){.at = (const char *)&source->address, .len = sizeof(address)};
        if (map_add(&hub->sources, &source->node) != ERR_OK) {
            mem_free(MEM_STREAM, source);
            return NULL;
        }
    }
    source->count++;
    return source;
}

void sources_leave(struct hub *hub, struct source *source)
{
    if (source == NULL) {
        return;
    }
    source->count--;
    if (source->count == 0) {
        map_remove(&hub->sources, &source->node);
        mem_free(MEM_STREAM, source);
    }
}
