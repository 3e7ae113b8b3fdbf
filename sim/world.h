// SPDX-License-Identifier: Apache-2.0
/* world -- one history: a node with its reactors and its disk, people who post and watch, and what
 * goes wrong, all in virtual time under one seed. Data only; each part is worked on by the room
 * named with it.
 *
 *      world_run: whose turn is next (by due_ms, ties by chance) ─▶ its step ─▶ ledger looks
 *
 *      posters ──submit──▶ engine (real, stepped) ──letters──▶ hubs (real) ──bytes──▶ watchers
 *                             │                                                          │
 *                          disk (torn, lost)            ledger: the truth ◀──────────────┘
 */
#pragma once

#include "base/clock.h"
#include "base/home.h"
#include "base/rand.h"
#include "disk.h"
#include "engine/embedded/comment_id.h"
#include "engine/embedded/embedded.h"
#include "hub/hub.h"
#include "hub/prover_test.h"
#include "scenario.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HUBS_MAX = 3,
    STREAMS = 2,
    USERS = 6,
    HOST = 0, // the user who is
    READABLE_PER_S = 2,
    CIDS_MAX = 512, // of a user, over all streams
    WATCHERS = 16,
    IDENTITIES = 10,
    EVENTS_MAX = 8192, // of a stream
    PRESENCE_TTL_MS = 30 * 1000,
    POST_WAIT_MS_MAX = 500,
    SILENT_MS_MAX = 3000,
    SMALL_QUEUE = 3,
    MODERATORS = 2,
    ASKED_MAX = 500,  // acts of a history that moderators ask for
    DEEDS_MAX = 8192, // with those of rules and of the system
    NOBODY_USER = 255,
    EVERY_USER = 254, // reads what is shadowed, whoever wrote it: as moderators do
    GROUP_MAX = 300,  // comments of an act on many
    TIMEOUT_SLACK_MS = 2000,
    EVIDENCE_DAYS = 90,
    IDS_MAX = 40, // that a moderator names at once
    USERS_NAMED_MAX = 9,
};
#define NEVER INT64_MAX

/* ---- the truth: ledger.c ---- */

struct entry { // one row that was committed
    uint64_t n;
    int64_t at_ms;
    uint64_t body_hash;
    uint64_t id_hash; // of a comment's id
    uint8_t kind;     // as it was posted: never REMOVED
    uint8_t user;     // of a comment
    uint16_t cid;
    uint8_t lanes; // that carry it, as everybody is shown it: a bit each
    bool is_shadowed;
    bool is_answered, is_shown; // so it may never vanish
    bool was_removed;           // by an act that may be lifted since: its place stays so
    uint64_t removed_seq;       // the first event of its stream that is known to have; 0: none is
    uint64_t gone_upto;         // of a retract: all is gone that gone_user posted up to there; or 0
    uint8_t gone_user;          // EVERY_USER: whoever did
    bool is_found_removed;      // after a start, by an act that nobody had seen yet
    bool was_named;             // by the act that removed it: its text is not in its place
    bool is_unshadowed;         // the act that shadowed it was undone
    bool waits;                 // likewise, and its author was shadowed then by another
};

/* An act that was committed: deed.c. */
struct deed {
    uint64_t id, lifted_by;
    uint64_t lifts;      // of an undo, or of an appeal that is granted: what; 0: nothing
    uint64_t seq;        // of its newest event
    uint64_t done_upto;  // of the comments that it names those are done; UINT64_MAX: all
    uint64_t value_n;    // a shadow: since which row; purge and clear: up to which
    uint64_t known_n;    // the newest row of the log when it was first seen
    uint64_t fence;      // its answer, among all answers; 0: there was none yet
    uint64_t lift_fence; // of what lifted it
    int64_t until_ms;    // of a timeout, by the world's clock; NEVER
    uint8_t what;        // enum act_do
    uint8_t stream;      // STREAMS: all
    uint8_t user;        // that it is aimed at; NOBODY_USER
    bool has_value;      // of what sets something: anything is set
    bool is_granted;     // of what decides an appeal
    bool is_begun;       // its first transaction was followed
    bool is_left;        // there is more to do, in another transaction
    uint8_t caps;        // of house rules: enum outcome of who shouts
    char target[80];     // of many the first
    uint64_t *seqs;      // owned; [seq_count] that the target names, ascending
    uint64_t *ns;        // owned; [n_count] what the ids name that it names, ascending
    uint32_t seq_count, n_count;
    uint8_t users;       // that it is aimed at, a bit each
    uint8_t by;          // of an acknowledgement: who did; NOBODY_USER
    uint32_t turn;       // so many of its users, or of those of what it undoes, have had theirs
    uint32_t shown;      // of the undo of a shadow: so many of them are shown with what it hid,
    uint64_t shown_n;    // and the next below that row
    uint64_t shown_upto; // what is behind that row was hidden by something else
    uint64_t words;      // a hash of what it says
    struct deed_person *persons; // owned; [USERS]; NULL: it is no sanction
    uint32_t lifted_count, lifted_room;
    struct deed_lifted *lifted; // owned; what a restore lifted from its comments
    struct deed_sets *sets;     // owned; NULL: it never removed any
};

struct deed_person {     // of a sanction, one whom it names: under.c
    uint64_t lifted_by;  // what took it off them; 0: nothing
    uint64_t lift_fence; // the answer to that, among all answers; 0: there was none yet
    uint64_t again;      // the undo of what had lifted it, since which it is on them again; or 0
    bool is_on;          // their turn came
    bool is_unsure;      // it was lifted while it was put back
};

struct deed_lifted {
    uint64_t act, seq;
};

struct deed_sets {
    /* Of what it removed: no row of the log below that may hold the text; 0: it did not. */
    uint16_t bound[STREAMS][EVENTS_MAX];
    uint16_t again[STREAMS][EVENTS_MAX];    // the undo of a restore since which it removes it; or 0
    uint8_t holds[STREAMS][EVENTS_MAX / 8]; // what it still removes, a bit each
};

/* A transaction of an act: an act on many takes some, between which others act. */
struct deed_step {
    uint64_t act;
    uint64_t seq;             // of its newest event
    uint64_t upto;            // of the comments that it names those are done; UINT64_MAX: all
    uint64_t before_n;        // the newest row of the log before
    uint64_t newest_n;        // and with it
    uint64_t ground[STREAMS]; // what retention had taken
    uint64_t waited;          // of those that it names in this one, which did: a bit each
    uint64_t shown_n;
    uint32_t turn, shown; // as in struct deed, with it
    uint8_t what;
};

struct deeds {
    struct deed *at;         // owned; [DEEDS_MAX], by id
    struct deed_step *steps; // owned; [step_room], in their order
    uint32_t count;          // of deeds
    uint32_t step_count;     // the truth changed so often
    uint32_t step_room;
    uint32_t taker_count;
    uint16_t takers[DEEDS_MAX]; // of deeds, those that have removed something
    uint32_t published;         // of steps: whoever asks now is shown what they made
    uint64_t fence;             // how many answers there were
};

struct rejecter {
    uint64_t act;
    bool is_sure; // it has reached it
};

struct queued {            // a comment that was held before it had a place: queue.c
    uint64_t n;            // what its id names
    int64_t at_ms, due_ms; // unix; it approves itself at due_ms; 0: never
    uint8_t stream, user;
    uint16_t cid;
    bool is_approved;
    bool is_released;    // what held it is undone
    uint64_t stopped_by; // the act that was to reject it, and stopped its clock; 0: none
    struct rejecter *by; // owned; [by_count], undone or not
    uint32_t by_count, by_room;
};

struct waiting {     // on the disk
    uint64_t n, seq; // seq 0: without a place
    int64_t at_ms;
    uint8_t stream;
    bool is_timed; // it approves itself
};

struct stay { // of one that waited on the disk
    uint64_t n, seq;
    uint64_t from, to; // versions of `waiting`; to 0: it still does
    int64_t at_ms;
    uint8_t stream;
};

struct queue {
    struct queued *at;  // owned; by n
    struct stay *stays; // owned; [stay_count], all there ever were
    uint32_t stay_count, stay_room;
    struct waiting *waiting; // owned; by n, as it was last looked at
    uint32_t count, waiting_count;
    uint64_t version;                      // of `waiting`
    uint64_t upto_n;                       // the newest that was looked at
    uint32_t checked_steps, checked_count; // of deeds, and of these
    uint64_t id_key;                       // of comments' ids
    struct sqlite3_stmt *rows;             // of the audit connection; NULL: not made yet
    struct sqlite3_stmt *waiting_rows;     // likewise
};

struct ledger {
    struct world *world;
    struct str name;
    struct entry *entries; // owned; [EVENTS_MAX], by seq - 1
    uint64_t head;         // newest committed
    uint64_t shadows;      // of entries
    int64_t id;            // the store's; 0: not known yet
    uint64_t published;    // newest that somebody may know of
    uint64_t ground;       // the newest that retention took
    uint64_t acts;         // of entries
};

/* ---- people ---- */

struct comment { // what a poster wants said: poster.c
    uint8_t stream;
    bool is_tried, is_answered, may_be_there;
    int64_t first_ms; // when it was posted
    bool is_denied;   // surely not there, as it was told
    bool is_held;     // it is or was in the queue
    uint64_t seq;     // 0: it has no place
};

struct poster {
    struct submit submit; // first
    struct world *world;
    int64_t due_ms;
    uint8_t user;
    bool is_away; // its call is the engine's
    uint16_t cid; // the one it is at
    uint16_t cids;
    uint64_t known_head; // the greatest seq answered to anyone when it asked
    uint64_t fence;      // of deeds, when it asked
    uint32_t deeds;      // how many there were, when it asked
    int64_t asked_ms;
    uint64_t warning; // to be acknowledged; 0: none
    uint32_t life;    // of the node, when it asked
    char name[8], cid_text[16], text[256];
    struct comment comments[CIDS_MAX];
    int64_t accepted_ms[CIDS_MAX]; // mono, of this life; for the limit
    uint32_t accepted;
};

enum { WARNINGS_SEEN_MAX = 64 };

struct screen {            // what a watcher has been told, and what it would show: screen.c
    struct prover_log log; // first
    struct ledger *ledger;
    uint8_t user;    // whose view; NOBODY_USER: everybody's
    bool moderates;  // is told who did what, and of acts
    uint32_t warned; // how often it was told of a warning
    struct {         // on it, by act; of this connection
        uint64_t act;
        bool is_over;
    } warnings[WARNINGS_SEEN_MAX];
    uint32_t warning_count;
    uint64_t *acts;    // owned; [EVENTS_MAX]: the newest act on a comment that it knows of
    uint8_t *is_shown; // owned; [EVENTS_MAX]
    uint8_t *is_known; // owned; [EVENTS_MAX]: it was sent the comment, or that it is removed
    uint64_t upto;     // of these; nothing is set above
};

struct queue_walk { // queue_walk.c
    uint64_t *told; // owned; [count], what its pages told of
    uint32_t count, room;
    uint32_t pages, limit;
    uint64_t begun, asked; // versions of the queue: with the first page, and with this one
    uint64_t after_n;      // that the cursor names
    uint8_t stream;
    struct comment_id cursor;
};

struct moderator {        // moderator.c
    struct act_call call; // first
    struct moderation_call look;
    struct queue_walk walk;
    struct world *world;
    int64_t due_ms;
    uint64_t asks;
    uint64_t seqs[GROUP_MAX];
    struct str users[USERS_NAMED_MAX];
    struct str ids[IDS_MAX];
    struct comment_id id_texts[IDS_MAX];
    uint64_t seen_n; // of the audit, before it asked
    uint32_t steps;  // of deeds, when it asked
    uint8_t number, stream;
    bool is_away, is_in_doubt;
    bool is_armed; // a reactor is late: the next comment is deleted at once
    bool is_raced; // until that is answered
    char name[4], reason[16], value[160], id[64];
};

struct watcher {          // watcher.c
    struct viewer viewer; // first
    struct world *world;
    struct prover prover;
    struct screen screen;
    int64_t due_ms;
    uint8_t hub, stream, number;
    uint8_t user;     // it is authenticated as; NOBODY_USER: nobody
    uint8_t identity; // 0: none
    bool is_joined, is_open, is_alive;
    bool has_own;   // its cursor is its own, of this epoch
    bool has_place; // it has seen something to resume from
    uint64_t place; // where it stands over all its lives
    uint32_t room;
    uint64_t fence;  // of deeds, when it came
    uint32_t warned; // its screen had been, then
    int64_t lost;    // notices that found no room on its hub, then
};

struct pace {         // of what was begun before things went faster again
    uint32_t ms;      // it could take so long
    int64_t until_ms; // all of it is over then
};

struct attendance { // of one identity: presence.c's truth
    uint32_t connections;
    int64_t since_ms;  // by some connection that is still there; NEVER: there is none
    int64_t newest_ms; // when the last of them came
    int64_t until_ms;  // it may be counted until then
};

struct reactor {
    struct home home; // first
    struct world *world;
    struct hub *hub;
    struct letter *first, **last;
    int64_t due_ms;
    uint32_t lag_ms; // how late it may be
    bool closed;
};

struct asker {                 // asks for presence: attendance.c
    struct presence_call call; // first
    struct world *world;
    int64_t due_ms, asked_ms;
    uint8_t stream;
    bool is_away;
};

struct pager {        // reads back: pager.c
    struct read read; // first
    struct world *world;
    int64_t due_ms;
    uint64_t head, ground; // known when it asked
    uint64_t fence;        // of deeds, when it asked
    uint32_t steps;        // of deeds, when it asked
    uint8_t user;          // whose view
    uint8_t stream;
    bool is_away;
    bool looks_round; // in any stream next, whoever watches
};

struct world {
    const struct scenario *scenario;
    uint64_t seed, steps, hash;
    struct rand rand;
    bool is_verbose;
    /* -- time -- */
    struct clock clock; // what the node is given
    int64_t now_ms;     // since the world began, and the node's mono
    int64_t jumped_ms;  // of it, in which nothing ran
    int64_t wall_ms;    // wall - mono
    int64_t pace_ms;    // how busy people are
    bool is_calm;       // nothing new begins
    bool clock_stepped; // the wall, since the node started
    /* -- the node: node.c -- */
    struct embedded *engine;
    struct port *port; // NULL: down
    struct epoch epoch;
    struct reactor reactors[HUBS_MAX];
    uint32_t hubs, life;
    bool is_dead; // crashed: what it still does is not seen by anyone
    bool is_closing;
    bool was_cut;    // the power, since it was up
    bool acts_go_on; // the disk became full when all was well and the ballast there
    int64_t writer_due_ms, reader_due_ms, up_due_ms;
    bool is_decided;
    uint32_t disk_ms;    // how slow the disk is
    struct pace calls;   // what the longest could take before the disk's or a hub's pace changed
    struct pace letters; // the same of letters, for the hubs' pace alone
    struct store *audit; // ledger.c's connection
    uint64_t audited_n;
    uint64_t audited_ops; // of the disk: no more of them, no row more
    bool is_verifying;
    /* -- all else -- */
    struct ledger ledgers[STREAMS];
    struct poster posters[USERS];
    struct watcher watchers[WATCHERS];
    struct attendance attendance[STREAMS][IDENTITIES + 1];
    struct asker asker;
    struct pager pager;
    struct deeds deeds;
    struct queue queue;
    struct moderator moderators[MODERATORS];
    bool is_moderated;
    struct stream_call act; // of who pauses streams
    bool act_is_away;
    uint8_t act_state;
    int64_t chaos_due_ms, act_due_ms;
    uint64_t answered, shown, crashes, cuts; // cuts: of the power, among the crashes
    uint64_t needless_epochs;
};

void world_begin(struct world *world, const struct scenario *scenario, uint64_t seed);
/* Its whole life. */
void world_run(struct world *world);
void world_end(struct world *world);

static inline uint64_t world_below(struct world *world, uint64_t limit)
{
    return rand_below(&world->rand, limit);
}
static inline bool world_chance(struct world *world, uint32_t in_1000)
{
    return rand_below(&world->rand, 1000) < in_1000;
}
/* A while, by chance: mostly short, sometimes long. */
int64_t world_while(struct world *world, int64_t mean_ms);

/* A line of the history: it counts towards the hash, and is printed when the world is verbose. */
void world_note(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A promise does not hold: says so, with the seed and the step, and ends the process. */
_Noreturn void world_broken(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define world_holds(world, cond, ...) ((cond) ? (void)0 : world_broken((world), __VA_ARGS__))
