// SPDX-License-Identifier: Apache-2.0
/* secret -- the HS256 secret that --dev fixes, or that a file of one line holds. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { SECRET_BYTES_MAX = 4096, SECRET_WHY_MAX = 400 };

/* Known to everybody: --dev listens on loopback only. */
#define SECRET_OF_DEV STR("roar --dev: a secret that is none, 32 bytes and more")

/* Appends the line, without its end. ERR_SYS, ERR_PROTO: `why` is a sentence for people. */
MUST_USE enum err secret_read(const char *path, struct buf *out, char why[SECRET_WHY_MAX]);
