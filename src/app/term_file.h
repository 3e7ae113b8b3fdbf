// SPDX-License-Identifier: Apache-2.0
/* term_file -- the terms that hold in all streams, from the file `moderation.terms_file` names. */
#pragma once

#include "app/config.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/terms.h"

/* `*ret_terms` is a reference; NULL when `path` is empty or the file has none. ERR_PROTO: the fault
 * names its bad lines; ERR_SYS: it cannot be read; ERR_NOMEM. */
MUST_USE enum err term_file_read(struct str path, struct terms **ret_terms,
                                 struct config_fault *fault);
