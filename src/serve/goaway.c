// SPDX-License-Identifier: Apache-2.0
#include "serve/goaway.h"

#include "wire/json.h"

void goaway_write(struct buf *out, enum goaway_reason reason, uint32_t retry_ms)
{
    static const char *const names[] = {
        [GOAWAY_DRAIN] = "drain",
        [GOAWAY_EXPIRED] = "token_expired",
        [GOAWAY_SLOW] = "slow",
        [GOAWAY_REPLACED] = "replaced",
    };

    buf_add_str(out, STR("{\"type\":\"goaway\""));
    json_write_member_u64(out, "retry_ms", retry_ms);
    json_write_member_str(out, "reason", str_of(names[reason]));
    buf_add_byte(out, '}');
}
