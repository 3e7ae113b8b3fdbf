// SPDX-License-Identifier: Apache-2.0
/* chatter -- text that looks like what people write, the same for the same number: what a
 * compressor finds in it is neither the rest of an alphabet nor noise.
 *
 * Words come from a list, the front ones more often (of n words the r-th about as log(n / r), much
 * as in a language).
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* `bytes` of it, the number first; the last byte is no white space. */
void chatter_write(struct buf *out, uint64_t number, uint32_t bytes);
