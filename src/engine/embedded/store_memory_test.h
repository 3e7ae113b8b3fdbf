// SPDX-License-Identifier: Apache-2.0
/* store_memory_test -- a new store in memory, for tests that need no file.
 *
 * Thread:  its test's.
 */
#pragma once

#include "engine/embedded/store.h"
#include "engine/embedded/store_schema.h"

/* To be closed by store_close(). `ret_identity` may be NULL. */
void store_memory_open(struct store *store, struct store_identity *ret_identity);
/* Inside a write transaction; and what is left of it is gone with store_memory_drop(). */
void store_memory_begin(struct store *store, struct store_identity *ret_identity);
void store_memory_drop(struct store *store);
