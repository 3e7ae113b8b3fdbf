// SPDX-License-Identifier: Apache-2.0
/* user_name -- what somebody may be called: valid UTF-8 of 1 to 64 code points, one line without
 * controls, not only white space. */
#pragma once

#include "base/str.h"

#include <stdbool.h>

enum { USER_NAME_POINTS_MAX = 64, USER_NAME_BYTES_MAX = 4 * USER_NAME_POINTS_MAX };

bool user_name_is_valid(struct str name);
