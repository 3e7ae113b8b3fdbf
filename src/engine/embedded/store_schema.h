// SPDX-License-Identifier: Apache-2.0
/* store_schema -- makes the log's file, or says why one that is there is not ours to open; what it
 * was given once at random.
 *
 * Thread:  the writing connection's.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "wire/cursor.h"

#include <stdint.h>

struct store_identity {
    struct epoch epoch;
    uint64_t hash_key; // of dedupe keys and user hashes
    uint64_t id_key;   // of comment ids
};

struct store_fault {
    char text[320]; // for people: what is wrong and what to do; empty: nothing to say
};

/* ERR_PROTO: a newer version's, another program's or damaged, `fault` says which; ERR_SYS. */
MUST_USE enum err store_schema_prepare(struct store *store, struct store_fault *fault,
                                       struct store_identity *ret_identity);
/* History was lost: from the next commit on every old cursor is of another life. */
MUST_USE enum err store_schema_renew_epoch(struct store *store, struct store_identity *identity);
/* Numbers in `meta`; inside a transaction. ERR_NOT_FOUND. */
MUST_USE enum err store_schema_number(struct store *store, const char *name, uint64_t *ret_number);
MUST_USE enum err store_schema_set_number(struct store *store, const char *name, uint64_t number);
