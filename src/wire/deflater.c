// SPDX-License-Identifier: Apache-2.0
/* deflateReset() is the full flush: at a byte's edge it forgets the window and writes nothing,
 * where Z_FULL_FLUSH would write an empty block. Level 7 saves what 9 does, and of text made to
 * have it search for long it takes a tenth of the time; more than 16 KiB of hash and symbols save
 * nothing. */
#include "wire/deflater.h"

#include "base/must.h"

#define ZLIB_CONST
#include <zlib.h>

enum { LEVEL = 7, MEM_LEVEL = 5, STEP_BYTES = 1024 };

struct deflater {
    z_stream zlib;
};

static void *on_alloc(void *user, unsigned count, unsigned size)
{
    (void)user;
    return mem_new(MEM_RING, (size_t)count * size);
}

static void on_free(void *user, void *memory)
{
    (void)user;
    mem_free(MEM_RING, memory);
}

enum err deflater_new(struct deflater **ret_deflater)
{
    struct deflater *deflater = mem_new(MEM_RING, sizeof(*deflater));
    if (deflater == NULL) {
        return ERR_NOMEM;
    }
    deflater->zlib.zalloc = on_alloc;
    deflater->zlib.zfree = on_free;
    const int made = deflateInit2(&deflater->zlib, LEVEL, Z_DEFLATED, -DEFLATER_WINDOW_BITS,
                                  MEM_LEVEL, Z_DEFAULT_STRATEGY);
    if (made != Z_OK) {
        must(made == Z_MEM_ERROR);
        mem_free(MEM_RING, deflater);
        return ERR_NOMEM;
    }

    *ret_deflater = deflater;
    return ERR_OK;
}

void deflater_free(struct deflater *deflater)
{
    if (deflater != NULL) {
        (void)deflateEnd(&deflater->zlib);
        mem_free(MEM_RING, deflater);
    }
}

void deflater_begin(struct deflater *deflater)
{
    must(deflateReset(&deflater->zlib) == Z_OK);
}

/* Until nothing is left to be written. */
static enum err run(struct deflater *deflater, int flush, struct buf *out)
{
    z_stream *zlib = &deflater->zlib;
    do {
        uint8_t *room = buf_room(out, STEP_BYTES);
        if (room == NULL) {
            return buf_err(out);
        }
        zlib->next_out = room;
        zlib->avail_out = STEP_BYTES;
        const int ran = deflate(zlib, flush);
        must(ran == Z_OK || ran == Z_BUF_ERROR); // it had nothing to do
        out->len += STEP_BYTES - zlib->avail_out;
    } while (zlib->avail_out == 0);
    return ERR_OK;
}

enum err deflater_add(struct deflater *deflater, struct str bytes, struct buf *out)
{
    must(bytes.len <= UINT32_MAX);
    deflater->zlib.next_in = (const Bytef *)bytes.at;
    deflater->zlib.avail_in = (uInt)bytes.len;
    return run(deflater, Z_NO_FLUSH, out);
}

enum err deflater_flush(struct deflater *deflater, struct buf *out)
{
    return run(deflater, Z_SYNC_FLUSH, out);
}
