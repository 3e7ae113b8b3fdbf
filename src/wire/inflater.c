// SPDX-License-Identifier: Apache-2.0
#include "wire/inflater.h"

#include "base/must.h"

#define ZLIB_CONST
#include <zlib.h>

enum { STEP_BYTES = 4096, GZIP_BITS = 16 };

static void *on_alloc(void *user, unsigned count, unsigned size)
{
    (void)user;
    return mem_new(MEM_CONN, (size_t)count * size);
}

static void on_free(void *user, void *memory)
{
    (void)user;
    mem_free(MEM_CONN, memory);
}

void inflater_init(struct inflater *inflater, enum inflater_kind kind)
{
    *inflater = (struct inflater){.kind = (uint8_t)kind, .window_bits = INFLATER_WINDOW_BITS_MAX};
}

void inflater_done(struct inflater *inflater)
{
    if (inflater->zlib != NULL) {
        (void)inflateEnd(inflater->zlib);
        mem_free(MEM_CONN, inflater->zlib);
        inflater->zlib = NULL;
    }
}

static enum err begin(struct inflater *inflater)
{
    z_stream *zlib = mem_new(MEM_CONN, sizeof(*zlib));
    if (zlib == NULL) {
        return ERR_NOMEM;
    }
    zlib->zalloc = on_alloc;
    zlib->zfree = on_free;
    const int bits = inflater->kind == INFLATER_GZIP ? inflater->window_bits + GZIP_BITS
                                                     : -inflater->window_bits;
    if (inflateInit2(zlib, bits) != Z_OK) {
        mem_free(MEM_CONN, zlib);
        return ERR_NOMEM;
    }
    inflater->zlib = zlib;
    return ERR_OK;
}

/* The bytes that `out` may still take, a step's at most; at its bound one of our own tells whether
 * there would be more. */
static enum err step(z_stream *zlib, struct buf *out, int *ret_ran)
{
    uint8_t beyond[1];
    const size_t left = out->len_max - out->len;
    const size_t len = left == 0 ? sizeof(beyond) : left < STEP_BYTES ? left : STEP_BYTES;
    uint8_t *room = left == 0 ? beyond : buf_room(out, len);
    if (room == NULL) {
        return buf_err(out);
    }
    zlib->next_out = room;
    zlib->avail_out = (uInt)len;
    *ret_ran = inflate(zlib, Z_SYNC_FLUSH);
    const size_t got = len - zlib->avail_out;
    if (left == 0) {
        return got > 0 ? ERR_LIMIT : ERR_OK;
    }
    out->len += got;
    return ERR_OK;
}

/* A raw stream may go on behind a last block (RFC 7692 section 7.2.3.4). */
static enum err judge(struct inflater *inflater, int ran)
{
    z_stream *zlib = inflater->zlib;
    if (ran == Z_STREAM_END && inflater->kind == INFLATER_RAW) {
        must(inflateReset(zlib) == Z_OK);
        return ERR_OK;
    }
    if (ran == Z_MEM_ERROR) {
        return ERR_NOMEM;
    }
    const bool is_well =
        ran == Z_OK || ran == Z_BUF_ERROR || (ran == Z_STREAM_END && zlib->avail_in == 0);
    return is_well ? ERR_OK : ERR_PROTO;
}

enum err inflater_take(struct inflater *inflater, struct str bytes, struct buf *out)
{
    must(bytes.len <= UINT32_MAX);
    if (inflater->zlib == NULL) {
        TRY(begin(inflater));
    }
    z_stream *zlib = inflater->zlib;
    zlib->next_in = (const Bytef *)bytes.at;
    zlib->avail_in = (uInt)bytes.len;
    bool is_full = true; // of what inflate() could write, all was taken: there may be more
    while (zlib->avail_in > 0 || is_full) {
        int ran = Z_OK;
        TRY(step(zlib, out, &ran));
        TRY(judge(inflater, ran));
        is_full = zlib->avail_out == 0;
        if (ran == Z_BUF_ERROR) {
            break;
        }
    }
    return ERR_OK;
}
