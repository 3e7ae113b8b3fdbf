// SPDX-License-Identifier: Apache-2.0
#include "base/pool.h"

#include "base/must.h"

#include <string.h>

enum { ITEM_ALIGN = 8, ITEM_BYTES_MIN = sizeof(void *) };

void pool_init(struct pool *pool, enum mem_kind kind, size_t item_bytes)
{
    must(item_bytes >= ITEM_BYTES_MIN && item_bytes <= POOL_ITEM_BYTES_MAX);
    *pool = (struct pool){.item_bytes =
                              (uint32_t)((item_bytes + ITEM_ALIGN - 1) / ITEM_ALIGN) * ITEM_ALIGN,
                          .kind = kind};
    list_init(&pool->roomy);
}

/* AddressSanitizer sees what is used after it was freed only where each thing is an allocation. */
#ifdef __SANITIZE_ADDRESS__

void *pool_new(struct pool *pool)
{
    void *item = mem_new(pool->kind, pool->item_bytes);
    pool->count += item != NULL;
    return item;
}

void pool_free(struct pool *pool, void *item)
{
    if (item != NULL) {
        pool->count--;
        mem_free(pool->kind, item);
    }
}

#else

struct free_item {
    struct free_item *next;
};

struct slab {
    struct link link; // in pool->roomy while it has room
    struct free_item *free;
    uint32_t used;
    uint32_t untouched; // from here on no item was ever given out
};

/* What is left of a slab's last item goes to the allocator's header, so that slabs lie side by
 * side. */
enum { SLAB_USED_BYTES = POOL_SLAB_BYTES - 8 };

static uint32_t slab_items(const struct pool *pool)
{
    return (SLAB_USED_BYTES - (uint32_t)sizeof(struct slab)) / pool->item_bytes;
}

static void *item_at(struct slab *slab, const struct pool *pool, uint32_t index)
{
    return (char *)(slab + 1) + (size_t)index * pool->item_bytes;
}

void *pool_new(struct pool *pool)
{
    if (list_is_empty(&pool->roomy)) {
        struct slab *made = mem_new_aligned(pool->kind, SLAB_USED_BYTES, POOL_SLAB_BYTES);
        if (made == NULL) {
            return NULL;
        }
        *made = (struct slab){.used = 0};
        list_push(&pool->roomy, &made->link);
    }
    struct slab *slab = list_entry(pool->roomy.next, struct slab, link);
    void *item = slab->free;
    if (item != NULL) {
        slab->free = slab->free->next;
    } else {
        item = item_at(slab, pool, slab->untouched);
        slab->untouched++;
    }
    slab->used++;
    pool->count++;
    if (slab->used == slab_items(pool)) {
        list_remove(&slab->link);
    }
    memset(item, 0, pool->item_bytes);
    return item;
}

void pool_free(struct pool *pool, void *item)
{
    if (item == NULL) {
        return;
    }
    struct slab *slab = (struct slab *)(void *)((char *)item - (uintptr_t)item % POOL_SLAB_BYTES);
    struct free_item *freed = item;
    must(slab->used > 0);
    freed->next = slab->free;
    slab->free = freed;
    slab->used--;
    pool->count--;
    if (slab->used == 0) {
        list_remove(&slab->link);
        mem_free(pool->kind, slab);
    } else if (!list_holds(&slab->link)) {
        list_push(&pool->roomy, &slab->link);
    }
}

#endif
