// SPDX-License-Identifier: Apache-2.0
/* home -- the thread a thing lives on, as an address for letters.
 *
 * A letter is memory of its sender, handed over whole: from home_send() until its `open` runs on
 * the home's thread nobody touches it. Letters of all senders to one home are opened in one order:
 * one that is sent after another's home_send() returned, by whoever, is opened after it.
 * Implemented by loop/mail.c for real threads and by the simulation in virtual time, so that hub,
 * rules and engines never know which.
 */
#pragma once

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
