// SPDX-License-Identifier: Apache-2.0
/* home -- the thread a thing lives on, as an address for letters; and the shape of an asynchronous
 * call.
 *
 * A letter is memory of its sender, handed over whole: from home_send() until its `open` runs on
 * the home's thread nobody touches it. Letters of one sender to one home arrive in the order sent.
 * Implemented by loop/mail.c for real threads and by the simulation in virtual time, so that hub,
 * rules and engines never know which.
 */
#pragma once

#include "base/err.h"

struct letter {
    struct letter *next;                 // in the mailbox on its way
    void (*open)(struct letter *letter); // runs once on the home's thread; may free the letter
};

struct home {
    void (*send)(struct home *home,
                 struct letter *letter); // any thread; never fails, never blocks for long
};

static inline void home_send(struct home *home, struct letter *letter)
{
    home->send(home, letter);
}

/* An asynchronous call: embedded first in a request struct. The callee owns the request from the
 * call until call_finish(); then `done` runs on `home`, and the request is the caller's again.
 * Every call is finished exactly once. */
struct call {
    struct letter letter; // for whoever holds the call now
    struct home *home;    // where `done` runs
    void (*done)(struct call *call);
};

/* Any thread: sends the finished call home. */
void call_finish(struct call *call);
