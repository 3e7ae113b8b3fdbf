// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

const char *err_name(enum err err)
{
    static const char *const names[] = {
        [ERR_OK] = "ok",         [ERR_AGAIN] = "again",
        [ERR_GONE] = "gone",     [ERR_CLOSED] = "closed",
        [ERR_LIMIT] = "limit",   [ERR_PROTO] = "proto",
        [ERR_DENIED] = "denied", [ERR_NOT_FOUND] = "not_found",
        [ERR_EXISTS] = "exists", [ERR_NOMEM] = "no_memory",
        [ERR_SYS] = "sys",
    };

    return names[err];
}
