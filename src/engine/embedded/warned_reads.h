// SPDX-License-Identifier: Apache-2.0
/* warned_reads -- the warnings in force on who comes back, as they were told them first.
 *
 * Used by:  readers.c.
 * Thread:   a reader's; inside a read transaction of its connection.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "engine/embedded/warned.h"
#include "hub/port.h"

/* Those of the stream, and those on all. An error: its notices are given back. */
MUST_USE enum err warned_reads_answer(struct store *store, struct warned *warned,
                                      struct warnings *call);
