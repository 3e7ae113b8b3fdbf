// SPDX-License-Identifier: Apache-2.0
/* stream_name -- what a stream may be called: [A-Za-z0-9][A-Za-z0-9._~-]{0,127}. */
#pragma once

#include "base/str.h"

#include <stdbool.h>

enum { STREAM_NAME_LEN_MAX = 128 };

bool stream_name_is_valid(struct str name);
