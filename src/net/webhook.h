// SPDX-License-Identifier: Apache-2.0
/* webhook -- a signed message to somebody's server, as Standard Webhooks says
 * (https://www.standardwebhooks.com, 1.0.0): what every hook sends.
 *
 *      webhook-id: msg_...            the same at every try, so that it can be dropped as a double
 *      webhook-timestamp: 1763700000  unix seconds of this try
 *      webhook-signature: v1,<base64 of HMAC-SHA256(key, "id.timestamp.body")>
 *
 * Owns:     its body and header lines; embedded first in what waits for the answer.
 * Used by:  api/hook.c, app/hook_feed.c.
 * Thread:   the asker's.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "net/outcalls.h"

#include <stdint.h>

enum {
    WEBHOOK_ID_MAX = 64,
    WEBHOOK_BODY_MAX = 128 * 1024,
    WEBHOOK_KEY_MIN = 24, // bytes, as the standard asks
    WEBHOOK_KEY_MAX = 64,
};

struct webhook_key {
    uint8_t bytes[WEBHOOK_KEY_MAX];
    uint8_t len; // 0: messages are not signed
};

/* `whsec_` and base64, as the standard has it. ERR_PROTO: not that, or not 24..64 bytes. */
MUST_USE enum err webhook_key_read(struct str text, struct webhook_key *ret_key);

struct webhook {
    struct outcall outcall; // first
    struct buf body;        // {"type","timestamp","data"}; the asker writes it before it signs
    char id_line[WEBHOOK_ID_MAX + 16];
    char time_line[48];
    char signature_line[96];
};

/* The beginning of a body, up to the value of `data`: the asker writes that, and a closing brace.
 */
void webhook_write_head(struct buf *out, const char *type, int64_t wall_ms);
void webhook_init(struct webhook *webhook);
void webhook_done(struct webhook *webhook); // zeroed is legal; none is under way
/* Ready to be sent as `id` at that time; again is legal. ERR_NOMEM. */
MUST_USE enum err webhook_sign(struct webhook *webhook, const struct webhook_key *key,
                               struct str id, int64_t now_s);
