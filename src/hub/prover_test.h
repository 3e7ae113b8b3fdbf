// SPDX-License-Identifier: Apache-2.0
/* prover_test -- what a reader believes: it takes a reader's bytes as a client would and holds them
 * against the log: promise P5. Used by the tests of the hub and by the simulation.
 *
 * Positions only grow; nothing is missing that no gap told; a gap's numbers add up to the log, and
 * what it calls removed is, exactly, but for removals that came since the log was where it ends;
 * acts a gap promised are there before the next event; hello names no older newest than was
 * committed when the reader asked. And over its whole life from a hello on, what came and what gaps
 * say was shed or removed adds up to the log between there and where it stands (less what expired).
 * In a sparse lane it gets exactly what the lane carries of the log; who changes lanes goes on
 * where it stood. No comment leaves, in whatever frame, after its removal is in force there:
 * promise P6.
 */
#pragma once

#include "hub/lane.h"
#include "hub/unpack_test.h"
#include "hub/viewer.h"

#include <stdio.h>

/* The truth, embedded first in what knows it. */
struct prover_log {
    /* Events of these kinds with from <= seq <= to, expired ones too. */
    uint64_t (*count)(struct prover_log *log, uint64_t from, uint64_t to, uint32_t kinds);
    /* Those of them that the lane carries. */
    uint64_t (*carried)(struct prover_log *log, enum lane lane, uint64_t from, uint64_t to);
    /* Those of them that are removed, and the lane does not carry: by events up to `upto`;
     * UINT64_MAX: by now, told or not. NULL: there are no removals. */
    uint64_t (*count_removed)(struct prover_log *log, enum lane lane, uint64_t from, uint64_t to,
                              uint64_t upto);
    uint64_t (*oldest)(struct prover_log *log);  // seq that is kept; UINT64_MAX: none
    uint64_t (*expired)(struct prover_log *log); // the newest seq that is not; 0: none
    /* NULL: whatever stands in an event is well. */
    void (*saw)(struct prover_log *log, uint64_t seq, uint64_t prev, uint32_t kind,
                struct str body);
    /* The comment's text may not stand in the event at seq `within` (0: in a signal) any more, by
     * removals in force up to `upto`; NULL: there are no removals. */
    bool (*removed)(struct prover_log *log, uint64_t seq, uint64_t within, uint64_t upto);
    /* A whole event, wherever it stood: in its place, in a digest, as an early copy. NULL: nobody
     * wants to know. */
    void (*told)(struct prover_log *log, struct str json);
    /* What is said to some alone: held, approved, rejected, warned; NULL: the signal itself says to
     * whom. */
    void (*notified)(struct prover_log *log, struct str json);
    /* `resync`: what it has it is to drop. NULL: nobody wants to know. */
    void (*dropped)(struct prover_log *log);
    /* It is shown to who reads here, and this is what stands before it there; NULL: not known. */
    bool (*is_place)(struct prover_log *log, uint64_t seq, uint64_t prev);
    bool lacks_staff; // not each act in it says who did it, to who moderates
    void (*broken)(struct prover_log *log, const char *what); // does not return
};

struct prover {
    struct prover_log *log; // borrowed
    const uint64_t *fenced; // borrowed: removals up to this one are in force where it reads; NULL:
                            // that is not known
    uint64_t begun;         // what that was when the frame it is sent began
    struct join join;
    uint64_t head_at_join;
    /* -- what came -- */
    struct unpack unpack;
    char *bytes; // owned, not yet parsed
    size_t len;
    bool greeted;
    enum lane lane; // as the last hello said
    uint64_t last, hello_seq, hello_latest;
    bool resumed, resynced;
    bool changes; // it asked for another lane, which the next hello is to name
    enum lane asked;
    uint64_t gap_from, gap_to, gap_carried, gap_shed, gap_got; // the last counted one
    uint64_t life_from;                                        // where the last hello put it
    uint64_t life_told;      // since then: events, and what gaps counted as shed or removed
    uint64_t life_spared;    // of it, what was not sent
    uint64_t digest_removed; // of the last digest
    uint64_t events, gaps, presences, hellos, expired, digests, marks, earlies, notices, hushed;
    uint64_t owed, acts_seen; // an act that is to come first; the newest that did
    uint64_t early_after;     // how many events had come before the last early copy
    uint32_t viewers_told, hidden_told;
    uint32_t collects, collected;
    uint64_t collected_from; // where the last long poll began
    bool is_retold;          // what it is told was told to the log before
    char first_signal[512], last_signal[512], last_gap[512]; // last_signal: not of presence
};

/* "E {json}\n", "S {json}\n", "M seq {json}\n" of what moves the cursor; two alike, as
 * a stream has two channels. */
extern const struct encoding prover_encoding, prover_encoding_other;
/* The same lines for who inflates: stored blocks, and WebSocket messages. */
extern const struct encoding prover_encoding_gzip, prover_encoding_messages;

/* It asked for `join` when `head` was the newest. */
void prover_begin(struct prover *prover, struct prover_log *log, const struct join *join,
                  uint64_t head);
void prover_changes_lane(struct prover *prover, enum lane lane); // it asked for that
void prover_end(struct prover *prover);                          // zeroed is legal
void prover_take(struct prover *prover, const uint8_t *bytes, size_t len);
/* The rest of a begun frame. */
void prover_keep(struct prover *prover, const uint8_t *bytes, size_t len);
/* Its account as it stands, unless it waits for acts of a gap; prover_end() looks at it too. */
void prover_settle(const struct prover *prover);
/* The connection itself said something that means nothing, between two frames; then
 * viewer_sent_own(). */
void prover_hear_own(struct prover *prover);
/* Its socket takes bytes again, and this act waits behind comments: it comes before them, as a copy
 * unless it did already. 0: none does. */
void prover_is_owed(struct prover *prover, uint64_t act);
/* The answer of a long poll. */
void prover_collect(struct prover *prover, const struct viewer *viewer, struct event *const *events,
                    size_t count);
/* Then, of a poll in a sparse lane, what its answer has of them: members of a JSON array. */
void prover_collect_sparse(const struct prover *prover, struct str members);
