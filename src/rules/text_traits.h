// SPDX-License-Identifier: Apache-2.0
/* text_traits -- finds what the rules of a stream have to know of a text, struct traits, once,
 * before it is handed to the ordering point.
 *
 *      link       scheme://, www., a name that ends in a known top level domain ("example.com", not
 *                 "ok.so"), and those spelled around a filter: "example dot com", "example[.]com"
 *      likeness   a hash of the loosest reading (fold.h) without spaces, punctuation and case,
 *                 runs of one character as one: "Buy N0W!!!" and "buyyy now" are alike
 *
 * Thread:  any; pure.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "wire/traits.h"

enum { TEXT_TRAITS_LIKENESS_BYTES_MIN = 8 }; // shorter texts are like none

/* `text` is valid UTF-8. `folded` is an empty buf with room for fold_bytes_max(), whose bytes
 * ret->folded borrows; ask buf_ok() for memory. */
void text_traits_find(struct str text, struct buf *folded, struct traits *ret);
