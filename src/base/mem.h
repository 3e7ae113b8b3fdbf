// SPDX-License-Identifier: Apache-2.0
/* mem -- the heap, counted. The only room that calls malloc.
 *
 * Thread:  any.
 * Bound:   none of its own; every holder names its maximum.
 * Promise: a failed allocation is a NULL the caller answers for, never an abort; each is counted.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the memory is for, so that operators see where it goes (metric roar_memory_bytes{kind}). */
enum mem_kind {
    MEM_OTHER,
    MEM_CONN,   // connections, their buffers, requests
    MEM_VIEWER, // viewers
    MEM_RING,   // encoded frames
    MEM_EVENT,  // shared events and tails
    MEM_STREAM, // streams, presence
    MEM_ENGINE, // what the engine caches
    MEM_KINDS,
};

/* Zeroed; NULL when there is none. size > 0. */
MUST_USE void *mem_new(enum mem_kind kind, size_t size);

/* At an address that `align` divides, a power of two; not zeroed. */
MUST_USE void *mem_new_aligned(enum mem_kind kind, size_t size, size_t align);

/* Grows or shrinks, keeping the first bytes; new bytes are not zeroed. On failure NULL and `old`
 * stays. `old` may be NULL. */
MUST_USE void *mem_resize(enum mem_kind kind, void *old, size_t size);

/* NULL is legal. `kind` is the one it was made with. */
void mem_free(enum mem_kind kind, void *memory);

/* Gives pages that hold nothing back to the system. Other threads' allocations wait meanwhile: for
 * after a rush, not for every day. */
void mem_trim(void);

/* A copy of `len` bytes with a NUL behind them. */
MUST_USE char *mem_copy_text(enum mem_kind kind, const char *text, size_t len);

/* Bytes now held of this kind, as the allocator rounds them. Any thread. */
uint64_t mem_held_bytes(enum mem_kind kind);
/* Allocations of this kind that there was no memory for, since the start (metric
 * roar_memory_refused_total{kind}): here, so that nobody who lives with one can forget to count it.
 * Any thread. */
uint64_t mem_refused(enum mem_kind kind);
/* One that a library of ours had no memory for. Any thread. */
void mem_note_refused(enum mem_kind kind);
const char *mem_kind_name(enum mem_kind kind);

/* Tests: the n-th allocation from now fails, then all is well again. 0 turns it off. */
void mem_fail_after(uint64_t n);
/* Tests: as mem_fail_after() stands now, to be put back by it. */
uint64_t mem_fail_left(void);
/* Tests: the one that is to fail has not come yet. */
bool mem_fail_is_due(void);
