// SPDX-License-Identifier: Apache-2.0
/* store -- one connection to the log's file, data/roar.db: SQLite 3 in WAL mode, every commit
 * synced.
 *
 * Owns:     its connection and prepared statements.
 * Used by:  the rooms store_*; the ordering thread has the one that writes and checkpoints, each
 * reader thread one that only reads.
 * Thread:   its owner's; plain sequential code that does not know it has one.
 * Bound:    CACHE_KIB of pages a connection; the WAL is kept under STORE_WAL_BYTES_MAX by
 * checkpoints little and often.
 * Promise:  after store_commit() what was written survives power loss. Nothing is read outside a
 * transaction, and ending one ends every statement, so that none pins the WAL. What the disk holds
 * otherwise than it was written is refused: ERR_PROTO (store_pages.h).
 *
 * The file, so that one could rebuild it (user_version 6, application_id "Roar"; 2 had no
 * moderation, 3 no `staff`, 4 no `reach`, 5 no `rejections`, and each becomes 6 when it is opened):
 *
 *   meta      name, value         epoch          [a-z0-9]{8}, made once at random
 *                                 hash_key       of dedupe keys and user hashes, made once
 *                                 id_key         of comment ids, made once (comment_id.h)
 *                                 next_n         no row below it will be written again, whatever
 *                                                retention took out
 *                                 served_ms      how long the store was open, all in all
 *                                 generation     of dedupe: table generation % 3 and the one before
 *                                                are in force, the third is being emptied
 *                                 generation_ms  served_ms when that generation began
 *                                 since_n_<0-2>  the first n that table can name
 *   streams   id, name            name is unique; a stream's row is never deleted
 *             state               enum stream_state
 *             retention_days      -1: the server's default, 0: for ever
 *             created             unix ms
 *             ground_seq, _at, _segment   the newest event that expired; 0: none did
 *             rules               JSON of what acts set: slow, modes, shield, terms; '': nothing
 *   log       n                   order of commits over all streams, never used twice
 *             stream, seq         unique together; of a stream no seq is left out
 *             prev, at, kind, flags, rank, segment   as in struct event
 *             user, cid           of a comment, cid '' when it has none; '' for acts
 *             body                JSON members, as in struct event
 *             sum                 XXH3 of the row, see store_rows.c
 *             staff               of an act, JSON members for who moderates; '' if nobody did it
 *   dedupe_0 dedupe_1 dedupe_2    key: a keyed hash of (stream name, user, cid) or the next free
 *             after it; n: the row it names
 *   acts      id                  what "a81" names
 *             stream              0: all
 *             what                enum act_do
 *             key                 hash of stream, what, target: an act again is found by it
 *             target, value, seconds   as it was asked, in one canonical way (acts.c)
 *             at, until           unix ms; until 0: for ever
 *             seq                 of its event, the last of those that are split; 0: none
 *             lifted_by           the act that undid it; 0: it was not undone
 *   reach     act, stream         of acts' rows; what was measured of the newest of each stream:
 *             bits                1: settled, 2: comments and exposure may be more
 *             viewers, applied, cut, p50, p95, comments, exposure   as struct reach_figures
 *   audit     chain               a stream; 0: acts on all
 *             n, act, entry       from 1 without a hole; JSON as rules/audit.h makes it
 *   sanctions act, user, stream, what, until   those in force, one a user; words of a warning
 *   ranks     stream, user, roles newest known roles of those who have some (enum role bits);
 *                                 stream 0: of all; one of a stream is newer than that
 *   removals  stream, seq, act    which acts in force remove this comment, and more: removals.c
 *   sweeps    act, user, stream   removes what stands up to upto_n of user ('': all) in stream
 *             upto_n              (0: all), and is there until it has reached all of that
 *             left_n              rows with n <= left_n are still to be rewritten; 0: none
 *             lifted              1: undone, and rows are still to be restored
 *   evidence  n, stream, seq, user, body   of a comment that was removed, under the checksum `sum`
 *             removed             unix ms, when; 2^63-1: it is restored
 *   lifted    stream, seq, restore, act   what the act `restore` lifted from this comment; 0: by
 *             `act` it would be visible, and waits until its author is shadowed no more
 *   act_places  act               is not done: act_pieces.h
 *             part, at, upto_n    how far it has come, as each kind of act has it
 *             staff               of the events that are to come, as in `log`
 *   carried   stream, seq, row_n, user   that row of the log, a pin or restore, holds the text of
 *             this comment
 *             due                 1: to be overwritten there, and read as if it were
 *   young     user, since         accounts just made when they posted; unix s
 *   held      n                   what the comment's id names
 *             state               enum comment_state: HELD 2 in the queue, VISIBLE 1 approved,
 *                                 DELETED 3 rejected
 *             seq                 where it stood when it was held after being visible; 0: nowhere
 *             log_n               its row when it was approved; 0
 *             act, rule           what held it
 *             due                 unix ms when it approves itself; 0: never
 *             at, flags, user, cid, body, sum   of the comment
 *   rejections  n, act            which acts in force reject this held comment: rejections.h
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { STORE_PATH_MAX = 512, STORE_DEDUPE_TABLES = 3 };
#define STORE_WAL_BYTES_MAX (UINT64_C(256) << 20)

/* Every statement we have; the text stands in store.c. */
enum store_query {
    STORE_BEGIN_WRITE,
    STORE_BEGIN_READ,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_META_GET,
    STORE_META_SET,
    STORE_STREAM_FIND,
    STORE_STREAM_BY_ID,
    STORE_STREAM_ADD,
    STORE_STREAM_SET,
    STORE_STREAM_GROUND,
    STORE_STREAM_AFTER,
    STORE_ROW_AT,
    STORE_ROW_SEQ,
    STORE_ROW_UPTO,
    STORE_ROW_BY,
    STORE_ROW_SET,
    STORE_ROWS_DOWN,
    STORE_SHADOWS,
    STORE_SHADOWS_ANY,
    STORE_HOLE_REMOVED,
    STORE_SHADOWS_OF,
    STORE_EVIDENCE_PUT,
    STORE_EVIDENCE_GET,
    STORE_EVIDENCE_DUE,
    STORE_EVIDENCE_DELETE,
    STORE_EVIDENCE_EXPIRE,
    STORE_REMOVAL_ADD,
    STORE_REMOVAL_LIFT,
    STORE_REMOVALS_OF,
    STORE_REMOVALS_BY,
    STORE_REMOVALS_COUNT,
    STORE_REMOVAL_IS,
    STORE_REMOVALS_EXPIRE,
    STORE_LIFTED_ADD,
    STORE_LIFTED_AFTER,
    STORE_LIFTED_EXPIRE,
    STORE_SWEEP_ADD,
    STORE_SWEEPS,
    STORE_SWEEPS_ON,
    STORE_SWEEP_LEFT,
    STORE_SWEEP_LIFT,
    STORE_SWEEP_DELETE,
    STORE_CARRIED_ADD,
    STORE_CARRIED_MARK,
    STORE_CARRIED_MARK_IN,
    STORE_CARRIED_OF,
    STORE_CARRIED_ALL,
    STORE_CARRIED_DUE,
    STORE_CARRIED_DUE_OF,
    STORE_CARRIED_DELETE,
    STORE_CARRIED_EXPIRE,
    STORE_YOUNG_ADD,
    STORE_YOUNG_GET,
    STORE_YOUNG_DELETE,
    STORE_HELD_PUT,
    STORE_HELD_GET,
    STORE_HELD_STREAM,
    STORE_HELD_BY_ROW,
    STORE_HELD_QUEUE,
    STORE_HELD_SINCE,
    STORE_HELD_NEWEST_IN,
    STORE_HELD_COUNT,
    STORE_HELD_COUNT_ALL,
    STORE_HELD_DUE,
    STORE_HELD_TIMED,
    STORE_HELD_NOT_DUE,
    STORE_HELD_EXPIRE,
    STORE_HELD_DELETE,
    STORE_HELD_STRETCH,
    STORE_HELD_TEXTS,
    STORE_HELD_EMPTY,
    STORE_HELD_OLD,
    STORE_HELD_OFF,
    STORE_HELD_BY_USER,
    STORE_HELD_WAITS,
    STORE_REJECTION_ADD,
    STORE_REJECTION_LIFT,
    STORE_REJECTIONS_OF,
    STORE_REJECTIONS_BY,
    STORE_REJECTIONS_COUNT,
    STORE_REJECTIONS_CONCERN,
    STORE_REJECTIONS_FORGET,
    STORE_REJECTIONS_EXPIRE,
    STORE_REJECTS,
    STORE_ROW_ADD,
    STORE_ROW_GET,
    STORE_ROWS_AFTER,
    STORE_ROWS_BEFORE,
    STORE_ACTS_AFTER,
    STORE_ACTS_BEFORE,
    STORE_ROWS_NEWEST,
    STORE_ROWS_SINCE,
    STORE_ROWS_NEWEST_N,
    STORE_ROWS_DELETE,
    STORE_ROWS_AUTHORS,
    STORE_ACT_ADD,
    STORE_ACT_GET,
    STORE_ACT_IN_FORCE,
    STORE_ACT_SET_SEQ,
    STORE_ACT_LIFT,
    STORE_ACTS_LIFTED_BY,
    STORE_ACTS_RESTORED,
    STORE_REACH_PUT,
    STORE_REACH_GET,
    STORE_REACH_TRIM,
    STORE_PLACE_PUT,
    STORE_PLACE_GET,
    STORE_PLACE_AFTER,
    STORE_PLACE_DELETE,
    STORE_HELD_NEWEST,
    STORE_PINS,
    STORE_APPEALS,
    STORE_DECISION,
    STORE_AUDIT_ADD,
    STORE_AUDIT_NEWEST,
    STORE_AUDIT_AFTER,
    STORE_AUDIT_BEFORE,
    STORE_AUDIT_OF_ACT,
    STORE_SANCTION_ADD,
    STORE_SANCTION_DELETE,
    STORE_SANCTION_ANY,
    STORE_LIFTED_FROM_ADD,
    STORE_LIFTED_FROM_NEXT,
    STORE_LIFTED_FROM_DELETE,
    STORE_SANCTIONS,
    STORE_SANCTIONS_OF,
    STORE_WARNINGS_OF,
    STORE_RANK_SET,
    STORE_RANK_GET,
    STORE_RANKS_OF,
    STORE_RANKS_DELETE,
    STORE_DEDUPE_GET, // one for each table
    STORE_DEDUPE_ADD = STORE_DEDUPE_GET + STORE_DEDUPE_TABLES,
    STORE_DEDUPE_DELETE = STORE_DEDUPE_ADD + STORE_DEDUPE_TABLES,
    STORE_QUERIES = STORE_DEDUPE_DELETE + STORE_DEDUPE_TABLES,
};

struct store {
    sqlite3 *db;                            // owned; NULL: closed
    sqlite3_stmt *queries[STORE_QUERIES];   // owned, made when first asked for
    uint64_t asked[STORE_QUERIES / 64 + 1]; // bits: since a transaction last ended
    int failure;                            // SQLite's extended code of the last ERR_SYS
    uint32_t wal_pages;                     // in the WAL after the last commit of this connection
    uint32_t page_bytes;
    bool is_open_transaction;
};

enum store_mode { STORE_WRITES, STORE_READS };

/* ERR_PROTO: no database; ERR_NOMEM; ERR_SYS: store->failure. `store` is zeroed or closed. */
MUST_USE enum err store_open(struct store *store, const char *path, enum store_mode mode);
void store_close(struct store *store);                 // closed is legal
void store_move(struct store *from, struct store *to); // `to` is closed, `from` is then

MUST_USE enum err store_begin_write(struct store *store);
MUST_USE enum err store_begin_read(struct store *store);
/* On failure the transaction is rolled back and store->failure says what it was. */
MUST_USE enum err store_commit(struct store *store);
void store_rollback(struct store *store); // with no transaction open: nothing

/* The statement, reset, ready to bind. */
MUST_USE enum err store_ask(struct store *store, enum store_query which, sqlite3_stmt **ret_query);
/* One step of a statement of store_ask(). ERR_NOT_FOUND: no (more) row; ERR_PROTO: a page is
 * damaged. */
MUST_USE enum err store_step(struct store *store, sqlite3_stmt *query);
/* For statements without rows: steps and resets. */
MUST_USE enum err store_run(struct store *store, sqlite3_stmt *query);
/* Borrowed until the statement ran; empty is '', not NULL. */
void store_bind_text(sqlite3_stmt *query, int place, struct str text);
/* Borrowed until the statement's next step. */
struct str store_column_text(sqlite3_stmt *query, int place);
/* Text of our own, without parameters or rows. */
MUST_USE enum err store_exec(struct store *store, const char *sql);

/* Copies from the WAL into the file what no reader is in the way of. `truncate`: waits for readers
 * and leaves an empty WAL. */
MUST_USE enum err store_checkpoint(struct store *store, bool truncate);
/* A checkpoint that truncates, of a WAL that may be another process's, or of before a sync failed:
 * the kernel may show what is not on the disk, and a later sync does not say so (fsync(2), Linux);
 * copied into the file from there and lost, it would leave a file that agrees with nothing. So the
 * WAL is written over itself and synced first. */
MUST_USE enum err store_empty_wal(struct store *store);
uint64_t store_wal_bytes(const struct store *store);
const char *store_failure_text(const struct store *store); // static
