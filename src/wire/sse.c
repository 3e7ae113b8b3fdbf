// SPDX-License-Identifier: Apache-2.0
#include "wire/sse.h"

void sse_write(struct buf *out, struct str id, struct str json)
{
    if (id.len > 0) {
        buf_add_str(out, STR("id: "));
        buf_add_str(out, id);
        buf_add_byte(out, '\n');
    }
    buf_add_str(out, STR("data: "));
    buf_add_str(out, json);
    buf_add_str(out, STR("\n\n"));
}

void sse_write_retry(struct buf *out, uint32_t retry_ms)
{
    buf_add_str(out, STR("retry: "));
    buf_add_u64(out, retry_ms);
    buf_add_str(out, STR("\n\n"));
}
