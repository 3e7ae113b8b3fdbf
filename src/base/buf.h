// SPDX-License-Identifier: Apache-2.0
/* buf -- bytes that grow to a bound, for building answers and frames.
 *
 * Owns:    its bytes.
 * Thread:  its owner's.
 * Bound:   len_max, given at buf_init().
 * Promise: a failed append (no memory, past the bound) sets `failed`, appends nothing, and every
 *          later append is nothing too; so a writer appends freely and asks buf_ok() once at the
 *          end.
 */
#pragma once

#include "base/mem.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *bytes; // owned; NULL while cap is 0
    size_t len;     // bytes used
    size_t cap;     // bytes had
    size_t len_max; // bytes at most
    enum mem_kind kind;
    bool failed;
    bool starved; // it failed for want of memory
};

void buf_init(struct buf *buf, enum mem_kind kind, size_t len_max);
/* Over `bytes_max` bytes of the caller's, which it never leaves: it needs no memory and no
 * buf_done(). */
void buf_init_over(struct buf *buf, void *bytes, size_t bytes_max);
void buf_done(struct buf *buf);  // zeroed is legal; the bytes are freed
void buf_reset(struct buf *buf); // len 0 and failed off; the memory stays
bool buf_ok(const struct buf *buf);
/* Why not: ERR_LIMIT: past the bound; ERR_NOMEM; or ERR_OK. */
MUST_USE enum err buf_err(const struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_str(struct buf *buf, struct str text);
void buf_add_byte(struct buf *buf, uint8_t byte);
void buf_add_u64(struct buf *buf, uint64_t value); // decimal
void buf_add_i64(struct buf *buf, int64_t value);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `len` more bytes at bytes + len, or NULL (then failed). The caller adds what it used to
 * `len`. */
MUST_USE uint8_t *buf_room(struct buf *buf, size_t len);

/* Forgets the first `len` bytes; the rest moves down. */
void buf_drop(struct buf *buf, size_t len);

struct str buf_str(const struct buf *buf); // borrowed until the next change
