// SPDX-License-Identifier: Apache-2.0
/* json_slice -- parts of JSON as they stand in their bytes, for who needs one member of much and no
 * memory. The JSON is our own, without white space between its tokens; of any other the answer is
 * empty or wrong, and within the bytes.
 *
 * Thread:  any; pure. All slices are borrowed.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* The string that begins here, with its quotes; empty: none does, or it does not end. */
struct str json_slice_string(struct str text);
/* The value that begins here; empty: it does not end. */
struct str json_slice_value(struct str text);
/* `{...}` without its braces. */
struct str json_slice_members(struct str object);
/* The value of that name among members; `name` without escapes. Empty: there is none. */
struct str json_slice_member(struct str members, struct str name);
/* A string, with its quotes, says this, however it is escaped. */
bool json_slice_says(struct str json, struct str text);
