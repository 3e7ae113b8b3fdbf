// SPDX-License-Identifier: Apache-2.0
/* token_name -- what a cid or a session may be: [A-Za-z0-9_-]{1,64}. */
#pragma once

#include "base/str.h"

#include <stdbool.h>

enum { TOKEN_NAME_LEN_MAX = 64 };

bool token_name_is_valid(struct str name);
