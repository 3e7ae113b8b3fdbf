// SPDX-License-Identifier: Apache-2.0
#include "bench/inflate_in.h"

#include "wire/deflater.h"

void inflate_in_open(struct inflater *inflater, enum transport transport)
{
    inflater_done(inflater);
    inflater_init(inflater, transport == TRANSPORT_SSE ? INFLATER_GZIP : INFLATER_RAW);
    inflater->window_bits = DEFLATER_WINDOW_BITS;
}

enum err inflate_in_take(struct inflater *inflater, enum transport transport, struct str bytes,
                         struct buf *text)
{
    static const struct str tail = {"\0\0\xff\xff", DEFLATER_TAIL_BYTES};
    text->len_max = INFLATE_IN_BYTES_MAX;
    buf_reset(text);
    TRY(inflater_take(inflater, bytes, text));
    return transport == TRANSPORT_WS ? inflater_take(inflater, tail, text) : ERR_OK;
}
