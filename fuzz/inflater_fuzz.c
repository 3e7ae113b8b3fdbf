// SPDX-License-Identifier: Apache-2.0
/* What is compressed is read the same wherever it is cut, never beyond its bound, and what the
 * deflater and stored blocks wrote is read again. The first byte chooses: the kind of stream, the
 * size of pieces. */
#include "fuzz.h"
#include "wire/deflater.h"
#include "wire/inflater.h"
#include "wire/stored.h"

enum { BOUND = 4096 };

static enum inflater_kind kind;

static struct buf inflate_all(struct str input, struct fuzz_cut cut)
{
    struct str piece;
    struct inflater inflater;
    struct buf out;
    enum err err = ERR_OK;
    buf_init(&out, MEM_OTHER, BOUND);
    inflater_init(&inflater, kind);
    while (err == ERR_OK && fuzz_piece(&cut, &input, &piece)) {
        err = inflater_take(&inflater, piece, &out);
        must(out.len <= BOUND && err != ERR_NOMEM);
    }
    inflater_done(&inflater);
    if (err != ERR_OK) { // how much came before is a matter of the cut
        buf_reset(&out);
        buf_add_byte(&out, '!');
    }
    return out;
}

/* Half of it in stored blocks, half compressed behind. */
static void what_was_written_is_read(struct str text)
{
    struct deflater *deflater = NULL;
    struct buf out = fuzz_buf();
    const size_t half = text.len / 2;
    const struct str rest = {.at = text.at + half, .len = text.len - half};
    must(deflater_new(&deflater) == ERR_OK);
    stored_write(&out, (struct str){.at = text.at, .len = half});
    must(deflater_add(deflater, rest, &out) == ERR_OK);
    must(deflater_flush(deflater, &out) == ERR_OK);
    kind = INFLATER_RAW;
    struct buf read = inflate_all(buf_str(&out), (struct fuzz_cut){.rest = 1 + text.len / 7});
    must(text.len > BOUND || str_eq(buf_str(&read), text));
    buf_done(&read);
    buf_done(&out);
    deflater_free(deflater);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const struct str input = fuzz_str(bytes + 1, len - 1);
    kind = (bytes[0] & 1) == 0 ? INFLATER_RAW : INFLATER_GZIP;
    fuzz_every_cut(input, (size_t)(bytes[0] >> 1) + 1, inflate_all);
    what_was_written_is_read(input);
    return 0;
}
