// SPDX-License-Identifier: Apache-2.0
/* accept_encoding -- what a client can decode (RFC 9110 section 12.5.3). */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* Does the field's value name `coding`, or `*` in its stead, with a weight above zero? What is
 * malformed names nothing. */
bool accept_encoding_takes(struct str value, struct str coding);
