// SPDX-License-Identifier: Apache-2.0
/* call -- the shape of an asynchronous call.
 *
 * Embedded first in a request struct. The callee owns the request from the call until
 * call_finish(); then `done` runs on `home`, and the request is the caller's again. Every call is
 * finished exactly once.
 */
#pragma once

#include "base/home.h"

struct call {
    struct letter letter; // for whoever holds the call now
    void *holder;         // likewise: what its letter has to find
    struct home *home;    // where `done` runs
    void (*done)(struct call *call);
};

/* Any thread: sends the finished call home. */
void call_finish(struct call *call);
