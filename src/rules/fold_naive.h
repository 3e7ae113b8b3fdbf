// SPDX-License-Identifier: Apache-2.0
/* fold_naive -- fold_text() as it is defined, a part of a character at a time: slow, for tests to
 * hold the quick one against.
 *
 * Thread:  any; pure.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

void fold_naive_text(struct str text, struct buf *out);
