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
/* Of hooks.secret_file; none given: a key of no bytes. Errors as above. */
MUST_USE enum err keys_read_hook_key(const struct config *config, struct webhook_key *ret_key,
                                     struct config_fault *fault);
/* Of a setting that is a hook's URL, or empty. Errors as above. */
MUST_USE enum err keys_check_url(const struct config *config, enum setting_id id,
                                 struct config_fault *fault);
