// SPDX-License-Identifier: Apache-2.0
/* statement -- what was decided about somebody and why, as the law wants it told (statement of
 * reasons, Regulation (EU) 2022/2065 article 17): what, since when and for how long, on which facts
 * and ground, whether by a machine, and how it may be redressed. It names no moderator.
 *
 * Used by:  appeals_api.c.
 * Thread:   any; pure.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* `appeals`: the members of MODERATION_APPEALS that begin with this appeal. The act that it is
 * against. ERR_NOT_FOUND: it is not there. */
MUST_USE enum err statement_find_act(struct str appeals, uint64_t appeal, uint64_t *ret_act);
/* Of the first of `appeals` and the members of MODERATION_ACT. ERR_PROTO: they are none. */
MUST_USE enum err statement_write(struct str appeals, struct str act, struct buf *out);
