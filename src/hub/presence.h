// SPDX-License-Identifier: Apache-2.0
/* presence -- who watches a stream, counted exactly, at the one hub that owns the stream's count
 * (hash of its name). protocol.md section 8.
 *
 *   hub with viewers ── presence_letter: who came and went ──▶ owner: audience, persons
 *         ▲                                                         │ at most once a second,
 *         └──────────────── presence_news: the numbers ◀────────────┘ when they changed
 *
 * A person is an identity: present while a connection is open on any hub or a beat (heartbeat,
 * long poll) is younger than the TTL; hidden when its screens say so and no screen said otherwise
 * within the TTL.
 *
 * Owns:     audiences and their persons.
 * Used by:  crowd.c tells it; hub.c asks.
 * Thread:   the owner's reactor; everything comes by letter and is worked off in the turn.
 * Bound:    a person per connection or beating session; hub_options.people_max and, of one address,
 *           people_address_max: beyond them a beat of somebody new is refused, while connections,
 *           bounded elsewhere, still count.
 */
#pragma once

#include "base/call.h"
#include "hub/heart.h"

enum { ROSTER_MAX = 100, PRESENCE_TELL_MS = 1000 };

enum beat_end {
    BEAT_TAKEN,
    BEAT_FULL,         // more are present than are counted, or memory is short
    BEAT_FULL_ADDRESS, // so many come from there already
};

struct presence_call {
    struct call call;
    struct str stream; // the caller's, frozen while away
    uint64_t identity; // 0: only ask; else a beat of it (a heartbeat, a poll)
    uint64_t screen;   // which screen of that identity beats (hash of its session); 0: one of many
    uint64_t address;  // where it beats from (hash); 0: not counted
    bool hidden;
    struct str name; // of the beating one, for the roster; empty: none
    /* -- the answer -- */
    enum beat_end beat;
    uint32_t viewers, watching, hidden_count;
    uint32_t next_ms; // when to beat again
    uint32_t roster_count;
    struct str *roster; // [roster_count] owned by the asker: presence_call_done()
    /* -- the hub's -- */
    struct hub *owner;
};

struct presence_change {
    uint64_t identity;
    uint64_t address;    // of its beat
    int32_t connections; // more or fewer
    bool is_beat;
    bool failed;                // the owner had no memory for it: to be told again
    uint32_t name_at, name_len; // in the letter's text
};

/* Owned by the hub that sends it: it comes back when it was worked off. */
struct presence_letter {
    struct letter letter;
    void (*back)(struct letter *letter); // runs on `from`
    struct hub *from, *to;
    struct stream *stream;    // from's
    int32_t interest;         // +1: tell me, -1: no longer
    int32_t soles;            // more or fewer of IDENTITY_SOLE; back: those that failed
    uint32_t viewers, hidden; // the answer: as they are now
    struct str name;          // of the stream; borrowed: it waits for its letters
    uint32_t count;
    const char *text; // names; behind `changes`
    struct presence_change changes[];
};

struct hub *presence_owner(struct hub *hub, struct str stream);
void presence_tell(struct presence_letter *letter);
void presence_ask(struct hub *hub, struct presence_call *call);
void presence_call_done(struct presence_call *call); // gives the roster back; none is legal
/* Works off what came; tells what changed. Returns when it wants to be called again. */
int64_t presence_turn(struct hub *hub);
void presence_done(struct hub *hub); // frees all audiences
