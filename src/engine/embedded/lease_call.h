// SPDX-License-Identifier: Apache-2.0
/* lease_call -- what an engine is asked when another process takes its data folder over; the states
 * are drawn in lease.h.
 *
 * Used by:  embedded_lease(); writer.c answers.
 */
#pragma once

#include "base/call.h"
#include "base/err.h"

enum lease_do {
    LEASE_LEND,      // of ours: commits and answers what came before, closes the store, gives the
                     // lock free
    LEASE_TAKE_BACK, // of what is lent. ERR_EXISTS: another process owns the folder
    LEASE_GIVE,      // of what is lent, for good
};

struct lease_call {
    struct call call;
    enum lease_do what;
    enum err result; // ERR_CLOSED: the engine was closed meanwhile
};
