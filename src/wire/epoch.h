// SPDX-License-Identifier: Apache-2.0
/* epoch -- the name of one life of a store's log: [a-z0-9]{1,16}. protocol.md section 1. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { EPOCH_LEN_MAX = 16 };

struct epoch {
    char text[EPOCH_LEN_MAX + 1]; // NUL-terminated; empty in a cursor that named none
};

/* ERR_PROTO: not an epoch. */
MUST_USE enum err epoch_parse(struct str text, struct epoch *ret_epoch);
bool epoch_eq(const struct epoch *a, const struct epoch *b);
