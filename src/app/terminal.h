// SPDX-License-Identifier: Apache-2.0
/* terminal -- text of strangers, made harmless for a terminal: controls (C0, DEL, C1) and the
 * characters that turn the direction of what follows are written as \u escapes. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

void terminal_write(struct buf *out, struct str text);
