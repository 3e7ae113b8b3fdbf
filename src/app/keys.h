// SPDX-License-Identifier: Apache-2.0
/* keys -- the keys tokens are verified with, from secret_file, auth.jwks_url, or --dev; and the
 * policy they are a part of. */
#pragma once

#include "api/policy.h"
#include "app/config.h"
#include "base/err.h"

enum { KEYS_JWKS_BYTES_MAX = 256 * 1024, KEYS_FETCH_MS = 10 * 1000 };

/* ERR_PROTO: what the settings say of it is wrong; ERR_SYS: it cannot be had; ERR_NOMEM. The fault
 * is a sentence for people and holds no secret. A secret file others may open is warned of. */
MUST_USE enum err keys_make_policy(const struct config *config, struct policy **ret_policy,
                                   struct config_fault *fault);
