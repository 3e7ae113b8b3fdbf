// SPDX-License-Identifier: Apache-2.0
/* scene -- what the viewers and posters of a crew share, and what the conductor tells all crews.
 *
 * Thread:  cue: the conductor writes, crews read; the rest is its crew's.
 */
#pragma once

#include "base/buf.h"
#include "base/rand.h"
#include "bench/bare.h"
#include "bench/known.h"
#include "bench/plan.h"
#include "bench/score.h"
#include "bench/witness.h"
#include "loop/reactor.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct deletions;

enum { SCENE_GAPS_MAX = 1 << 20, SCENE_GAPS_RECENT = 4096, SCENE_ANSWERS_MAX = 8 * 1024 * 1024 };

enum phase {
    PHASE_JOIN,   // viewers come and stay
    PHASE_RUN,    // some leave and return, some stall
    PHASE_SETTLE, // all are there and read
    PHASE_OVER,
};

struct head {
    _Atomic uint64_t seq; // relaxed: a larger one replaces it
};

struct post_round {
    int64_t from_us, until_us;
    double rate;    // 0: as fast as they are answered
    uint64_t count; // by rate; UINT64_MAX: as many as can be
    uint64_t first; // number of its first comment
};

struct cue { // one, shared
    /* -- atomic: relaxed but for the rounds, whose release orders what a round is -- */
    _Atomic int phase;
    _Atomic uint32_t storm;   // odd: all are to be away; even: there
    _Atomic bool is_storming; // from the first who leaves to the last who has caught up
    _Atomic uint32_t post_round;
    _Atomic uint32_t floor_round;
    _Atomic bool floor_is_open;  // the bare loop waits for its readers
    _Atomic uint32_t wanted;     // viewers that are to be in
    _Atomic uint32_t step;       // of plan->rates; between two, nothing is under way
    struct head *heads;          // owned; [streams], the newest answered position
    struct deletions *deletions; // owned; NULL: nothing is deleted
    struct post_round posts;     // written before post_round, when all have finished the one before
    struct address floor;
    /* -- written before floor_round -- */
    struct bare_round floor_plan;
};

struct answer {
    uint32_t stream;
    uint64_t seq;
};

struct gap_told {
    uint32_t stream;
    struct witness_gap gap;
};

struct scene {               // one a crew
    const struct plan *plan; // borrowed
    struct cue *cue;         // borrowed
    struct reactor *reactor; // borrowed
    struct score score;
    struct rand rand;
    uint32_t joining;                 // viewers on their way in
    _Atomic uint32_t present, behind; // viewers in; of a storm, those who have not caught up
    struct answer *answers;           // owned; [answer_count]
    uint32_t answer_count, answer_cap;
    struct known known[TRANSPORTS];
    int64_t read_us;       // mono: when what is looked at now was read
    struct buf text;       // what a viewer's bytes inflated to, until the next viewer's
    struct gap_told *gaps; // owned; [gap_count]; beyond SCENE_GAPS_MAX they are not checked
    uint32_t gap_count, gap_cap;
    uint32_t gaps_recent[SCENE_GAPS_RECENT]; // index + 1 in gaps of the last one with this hash
};

void scene_done(struct scene *scene);
/* All up to `seq` was answered. */
void scene_raise_head(struct scene *scene, uint32_t stream, uint64_t seq);
/* A post was answered with its place. */
void scene_keep_answer(struct scene *scene, uint32_t stream, uint64_t seq);
/* To be held to the log in the end; what many viewers are told alike, once. */
void scene_keep_gap(struct scene *scene, uint32_t stream, const struct witness_gap *gap);
uint64_t scene_head(const struct scene *scene, uint32_t stream);
bool scene_is(const struct scene *scene, enum phase phase);
uint32_t scene_step(const struct scene *scene);
/* The source address for connection `number` to a loopback server; false: any will do. */
bool scene_source(const struct scene *scene, uint32_t number, struct address *ret_from);
