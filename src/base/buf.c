// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include "base/must.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BUF_CAP_MIN = 64 };

void buf_init(struct buf *buf, enum mem_kind kind, size_t len_max)
{
    *buf = (struct buf){.kind = kind, .len_max = len_max};
}

void buf_init_over(struct buf *buf, void *bytes, size_t bytes_max)
{
    *buf = (struct buf){.bytes = bytes, .cap = bytes_max, .len_max = bytes_max};
}

void buf_done(struct buf *buf)
{
    mem_free(buf->kind, buf->bytes);
    buf->bytes = NULL;
    buf->len = 0;
    buf->cap = 0;
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    buf->starved = false;
}

bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

enum err buf_err(const struct buf *buf)
{
    return !buf->failed ? ERR_OK : buf->starved ? ERR_NOMEM : ERR_LIMIT;
}

static bool grow(struct buf *buf, size_t need)
{
    size_t cap = buf->cap < BUF_CAP_MIN ? BUF_CAP_MIN : buf->cap;
    while (cap < need) {
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    }
    if (cap > buf->len_max && need <= buf->len_max) {
        cap = buf->len_max;
    }
    uint8_t *bytes = mem_resize(buf->kind, buf->bytes, cap);
    if (bytes == NULL) {
        return false;
    }
    buf->bytes = bytes;
    buf->cap = cap;
    return true;
}

uint8_t *buf_room(struct buf *buf, size_t len)
{
    if (buf->failed || len > buf->len_max - buf->len) {
        buf->failed = true;
        return NULL;
    }
    if ((len > buf->cap - buf->len || buf->cap == 0) && !grow(buf, buf->len + len)) {
        buf->failed = true;
        buf->starved = true;
        return NULL;
    }
    return buf->bytes + buf->len;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0) {
        return;
    }
    uint8_t *room = buf_room(buf, len);
    if (room != NULL) {
        memcpy(room, bytes, len);
        buf->len += len;
    }
}

void buf_add_str(struct buf *buf, struct str text)
{
    buf_add(buf, text.at, text.len);
}

void buf_add_byte(struct buf *buf, uint8_t byte)
{
    buf_add(buf, &byte, 1);
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_add_i64(struct buf *buf, int64_t value)
{
    if (value < 0) {
        buf_add_byte(buf, '-');
        buf_add_u64(buf, 0 - (uint64_t)value);
        return;
    }
    buf_add_u64(buf, (uint64_t)value);
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() stands above
    const int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    must(len >= 0 &&
         (size_t)len < sizeof(text)); // formats of ours are short; long text goes by buf_add_str()
    buf_add(buf, text, (size_t)len);
}

void buf_drop(struct buf *buf, size_t len)
{
    must(len <= buf->len);
    if (len > 0 && len < buf->len) {
        memmove(buf->bytes, buf->bytes + len, buf->len - len);
    }
    buf->len -= len;
}

struct str buf_str(const struct buf *buf)
{
    return (struct str){.at = (const char *)buf->bytes, .len = buf->len};
}
