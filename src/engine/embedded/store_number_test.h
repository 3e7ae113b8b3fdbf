// SPDX-License-Identifier: Apache-2.0
/* store_number_test -- what a test asks of the tables themselves.
 *
 * Thread:  the connection's.
 */
#pragma once

#include "engine/embedded/store.h"

#include <stdint.h>

/* The first number of the first row; there is one. */
int64_t store_number(struct store *store, const char *sql);
