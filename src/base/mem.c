// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"

#include "base/must.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One cache line each, so that reactors that allocate different kinds do not share one. Relaxed:
 * they are sums for people to read, they order nothing. */
static struct {
    _Alignas(64) _Atomic int64_t bytes;
} held[MEM_KINDS];

static _Atomic uint64_t refused[MEM_KINDS]; // rare: they may share a line

static _Atomic uint64_t fail_countdown; // 0: off

static bool this_one_fails(void)
{
    uint64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    while (left > 0 &&
           !atomic_compare_exchange_weak_explicit(&fail_countdown, &left, left - 1,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    return left == 1;
}

static void held_add(enum mem_kind kind, int64_t bytes)
{
    atomic_fetch_add_explicit(&held[kind].bytes, bytes, memory_order_relaxed);
}

/* What the heap gave, or not, in the place of `before` bytes. */
static void *counted(enum mem_kind kind, void *memory, int64_t before)
{
    if (memory == NULL) {
        mem_note_refused(kind);
        return NULL;
    }
    held_add(kind, (int64_t)malloc_usable_size(memory) - before);
    return memory;
}

void *mem_new(enum mem_kind kind, size_t size)
{
    must(size > 0);
    return counted(kind, this_one_fails() ? NULL : calloc(1, size), 0);
}

void *mem_new_aligned(enum mem_kind kind, size_t size, size_t align)
{
    void *memory = NULL;
    must(size > 0);
    if (this_one_fails() || posix_memalign(&memory, align, size) != 0) {
        memory = NULL;
    }
    return counted(kind, memory, 0);
}

void *mem_resize(enum mem_kind kind, void *old, size_t size)
{
    must(size > 0);
    const int64_t before = (int64_t)malloc_usable_size(old);
    return counted(kind, this_one_fails() ? NULL : realloc(old, size), before);
}

void mem_free(enum mem_kind kind, void *memory)
{
    if (memory != NULL) {
        held_add(kind, -(int64_t)malloc_usable_size(memory));
        free(memory);
    }
}

void mem_trim(void)
{
    malloc_trim(0);
}

char *mem_copy_text(enum mem_kind kind, const char *text, size_t len)
{
    must(len < SIZE_MAX);
    char *copy = mem_new(kind, len + 1);
    if (copy != NULL && len > 0) {
        memcpy(copy, text, len);
    }
    return copy;
}

uint64_t mem_held_bytes(enum mem_kind kind)
{
    const int64_t bytes = atomic_load_explicit(&held[kind].bytes, memory_order_relaxed);
    return bytes > 0 ? (uint64_t)bytes : 0;
}

uint64_t mem_refused(enum mem_kind kind)
{
    return atomic_load_explicit(&refused[kind], memory_order_relaxed);
}

void mem_note_refused(enum mem_kind kind)
{
    atomic_fetch_add_explicit(&refused[kind], 1, memory_order_relaxed);
}

const char *mem_kind_name(enum mem_kind kind)
{
    static const char *const names[MEM_KINDS] = {
        [MEM_OTHER] = "other",   [MEM_CONN] = "conn",   [MEM_VIEWER] = "viewer",
        [MEM_RING] = "ring",     [MEM_EVENT] = "event", [MEM_STREAM] = "stream",
        [MEM_ENGINE] = "engine",
    };

    return names[kind];
}

void mem_fail_after(uint64_t n)
{
    atomic_store_explicit(&fail_countdown, n, memory_order_relaxed);
}

uint64_t mem_fail_left(void)
{
    return atomic_load_explicit(&fail_countdown, memory_order_relaxed);
}

bool mem_fail_is_due(void)
{
    return mem_fail_left() > 0;
}
