// SPDX-License-Identifier: Apache-2.0
/* lane_list -- a long poll's events as its lane has them: as they are, in a sparse lane with gaps,
 * marks and digests where those who read it live have them.
 */
#pragma once

#include "base/buf.h"
#include "serve/streaming.h"

/* Members of a JSON array, with commas between; one before the first where a gap of what expired
 * stands. What memory cannot hold makes `out` fail. */
void lane_list_write(struct buf *out, const struct poll_found *found, struct str stream);
