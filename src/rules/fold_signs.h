// SPDX-License-Identifier: Apache-2.0
/* fold_signs -- digits and signs that stand for letters in a word: M0N3Y is money, 10 is 10.
 *
 * Thread:  any; pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In a loose reading, in place; `other`, a copy of it, becomes what it is where 1 and | are read as
 * l and not as i. Returns whether the two differ. */
bool fold_signs_to_letters(uint8_t *bytes, uint8_t *other, size_t len);
/* Any digit or sign that may be a letter. */
bool fold_signs_hold(const uint8_t *bytes, size_t len);
