// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "engine/embedded/store_pages.h"

#include <stddef.h>
#include <string.h>

enum { BUSY_WAIT_MS = 2000, WAL_FRAME_HEADER = 24 };
enum { SETTLE_BYTES = 64 * 1024 };
/* Retries are looked up all over their table, so whoever writes has most of it at hand. */
#define CACHE_WRITER_KIB "32768"
#define CACHE_READER_KIB "4096"

#define ROW "n, stream, seq, prev, at, kind, flags, rank, segment, user, cid, body, sum, staff"
#define PLACE "act, part, at, upto_n, staff"
#define REACH "bits, viewers, applied, cut, p50, p95, comments, exposure"
#define ACT "id, stream, what, key, target, value, seconds, at, until, seq, lifted_by"
#define EVIDENCE "n, stream, seq, user, removed, body, sum"
#define HELD "n, stream, state, seq, log_n, act, due, at, flags, user, cid, rule, body, sum"
#define STREAM                                                                                     \
    "id, name, state, retention_days, created, ground_seq, ground_at, ground_segment, rules "      \
    "FROM streams "
/* The partial index on acts is used only where the text says it in its words; likewise those of
 * what is shadowed, `(flags & 4) <> 0`. */
#define ACTS "kind NOT IN (1, 8) "
#define WANTED "(?4 >> kind) & 1 "

static const char *const texts[STORE_QUERIES] = {
    [STORE_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [STORE_BEGIN_READ] = "BEGIN",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [STORE_META_SET] = "INSERT OR REPLACE INTO meta(name, value) VALUES (?1, ?2)",
    [STORE_STREAM_FIND] = "SELECT " STREAM "WHERE name = ?1",
    [STORE_STREAM_BY_ID] = "SELECT " STREAM "WHERE id = ?1",
    [STORE_STREAM_ADD] = "INSERT INTO streams(name, state, retention_days, created, ground_seq, "
                         "ground_at, ground_segment) VALUES (?1, ?2, ?3, ?4, 0, 0, 0)",
    [STORE_STREAM_SET] = "UPDATE streams SET state = ?2, retention_days = ?3, rules = ?4 "
                         "WHERE id = ?1",
    [STORE_STREAM_GROUND] = "UPDATE streams SET ground_seq = ?2, ground_at = ?3, "
                            "ground_segment = ?4 WHERE id = ?1",
    [STORE_STREAM_AFTER] = "SELECT " STREAM "WHERE id > ?1 ORDER BY id LIMIT 1",
    [STORE_ROW_AT] = "SELECT " ROW " FROM log WHERE stream = ?1 AND seq = ?2",
    [STORE_ROW_SEQ] = "SELECT stream, seq FROM log WHERE n = ?1",
    [STORE_ROW_UPTO] = "SELECT seq FROM log INDEXED BY log_place WHERE stream = ?1 AND n <= ?2 "
                       "ORDER BY seq DESC LIMIT 1",
    [STORE_ROW_BY] = "SELECT 1 FROM (SELECT user, kind FROM log WHERE stream = ?1 AND seq < ?2 "
                     "ORDER BY seq DESC LIMIT ?4) WHERE user = ?3 AND kind IN (1, 8) LIMIT 1",
    [STORE_ROW_SET] = "UPDATE log SET kind = ?2, body = ?3, sum = ?4 WHERE n = ?1",
    [STORE_ROWS_DOWN] = "SELECT " ROW " FROM log WHERE n <= ?1 ORDER BY n DESC",
    [STORE_SHADOWS] = "SELECT seq, user, kind, at, flags FROM log WHERE stream = ?1 AND seq > ?2 "
                      "AND seq <= ?3 AND (flags & 4) <> 0 ORDER BY seq DESC",
    [STORE_SHADOWS_ANY] = "SELECT 1 FROM log WHERE stream = ?1 AND (flags & 4) <> 0 LIMIT 1",
    [STORE_HOLE_REMOVED] = "SELECT count(*) FROM log WHERE stream = ?1 AND seq > ?2 AND seq <= ?3 "
                           "AND kind = 8 AND (flags & 4) = 0",
    [STORE_SHADOWS_OF] = "SELECT " ROW " FROM log WHERE user = ?1 AND n BETWEEN ?2 AND ?4 "
                         "AND (?3 = 0 OR stream = ?3) AND (flags & 4) <> 0 ORDER BY n",
    [STORE_EVIDENCE_PUT] =
        "INSERT OR REPLACE INTO evidence(" EVIDENCE ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STORE_EVIDENCE_GET] = "SELECT " EVIDENCE " FROM evidence WHERE stream = ?1 AND seq = ?2",
    [STORE_EVIDENCE_DUE] = "SELECT n, stream, seq FROM evidence WHERE removed <= ?1 "
                           "ORDER BY removed LIMIT ?2",
    [STORE_EVIDENCE_DELETE] = "DELETE FROM evidence WHERE n = ?1",
    [STORE_EVIDENCE_EXPIRE] = "DELETE FROM evidence WHERE stream = ?1 AND seq <= ?2 "
                              "AND removed = 9223372036854775807",
    [STORE_REMOVAL_ADD] = "INSERT OR IGNORE INTO removals(stream, seq, act) VALUES (?1, ?2, ?3)",
    [STORE_REMOVAL_LIFT] = "DELETE FROM removals WHERE stream = ?1 AND seq = ?2 AND act = ?3",
    [STORE_REMOVALS_OF] = "SELECT act FROM removals WHERE stream = ?1 AND seq = ?2",
    [STORE_REMOVALS_COUNT] = "SELECT count(*) FROM removals WHERE act = ?1",
    [STORE_REMOVALS_BY] = "SELECT stream, seq FROM removals WHERE act = ?1 "
                          "ORDER BY stream, seq LIMIT ?2",
    [STORE_REMOVAL_IS] = "SELECT 1 FROM removals WHERE stream = ?1 AND seq = ?2 AND act = ?3",
    [STORE_REMOVALS_EXPIRE] = "DELETE FROM removals WHERE stream = ?1 AND seq > 0 AND seq <= ?2",
    [STORE_LIFTED_ADD] = "INSERT OR IGNORE INTO lifted(stream, seq, restore, act) "
                         "VALUES (?1, ?2, ?3, ?4)",
    [STORE_LIFTED_AFTER] = "SELECT act FROM lifted WHERE stream = ?1 AND seq = ?2 "
                           "AND restore = ?3 AND act > ?4 ORDER BY act LIMIT 1",
    [STORE_LIFTED_EXPIRE] = "DELETE FROM lifted WHERE stream = ?1 AND seq <= ?2",
    [STORE_SWEEP_ADD] = "INSERT OR IGNORE INTO sweeps(act, user, stream, upto_n, left_n, lifted) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STORE_SWEEPS] =
        "SELECT act, user, stream, left_n, lifted, upto_n FROM sweeps ORDER BY user, act",
    [STORE_SWEEPS_ON] = "SELECT act, user, stream, left_n, lifted, upto_n FROM sweeps "
                        "WHERE user IN ('', ?1) ORDER BY user, act",
    [STORE_SWEEP_LEFT] = "UPDATE sweeps SET left_n = ?2 WHERE act = ?1",
    [STORE_SWEEP_LIFT] = "UPDATE sweeps SET lifted = 1 WHERE act = ?1",
    [STORE_SWEEP_DELETE] = "DELETE FROM sweeps WHERE act = ?1",
    [STORE_CARRIED_ADD] = "INSERT OR IGNORE INTO carried(stream, seq, row_n, user, due) SELECT "
                          "?1, ?2, ?3, user, 0 FROM log WHERE stream = ?1 AND seq = ?2",
    [STORE_CARRIED_MARK] = "UPDATE carried SET due = 1 WHERE stream = ?1 AND seq = ?2",
    [STORE_CARRIED_MARK_IN] =
        "UPDATE carried SET due = 1 WHERE stream = ?1 AND seq = ?2 AND row_n = ?3",
    [STORE_CARRIED_OF] = "SELECT stream, seq, row_n FROM carried WHERE user = ?3 AND due = 0 "
                         "AND row_n <= ?2 AND (?1 = 0 OR stream = ?1)",
    [STORE_CARRIED_ALL] = "SELECT stream, seq, row_n FROM carried WHERE due = 0 AND row_n <= ?2 "
                          "AND stream BETWEEN ?1 AND iif(?1 = 0, 9223372036854775807, ?1)",
    [STORE_CARRIED_DUE] = "SELECT row_n FROM carried WHERE due = 1 LIMIT 1",
    [STORE_CARRIED_DUE_OF] = "SELECT seq FROM carried WHERE due = 1 AND row_n = ?1 ORDER BY seq",
    [STORE_CARRIED_DELETE] = "DELETE FROM carried WHERE due = 1 AND row_n = ?1 AND seq <= ?2",
    [STORE_CARRIED_EXPIRE] = "DELETE FROM carried WHERE stream = ?1 AND row_n < ifnull((SELECT n "
                             "FROM log WHERE stream = ?1 AND seq > ?2 ORDER BY seq LIMIT 1), "
                             "9223372036854775807)",
    [STORE_YOUNG_ADD] = "INSERT OR IGNORE INTO young(user, since) VALUES (?1, ?2)",
    [STORE_YOUNG_GET] = "SELECT since FROM young WHERE user = ?1",
    [STORE_YOUNG_DELETE] = "DELETE FROM young WHERE since < ?1",
    [STORE_HELD_PUT] = "INSERT OR REPLACE INTO held(" HELD ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
                       "?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [STORE_HELD_GET] = "SELECT " HELD " FROM held WHERE n = ?1",
    [STORE_HELD_STREAM] = "SELECT stream FROM held WHERE n = ?1",
    [STORE_HELD_BY_ROW] = "SELECT " HELD " FROM held WHERE log_n = ?1 AND log_n > 0",
    [STORE_HELD_QUEUE] = "SELECT " HELD " FROM held WHERE stream = ?1 AND state = 2 AND n > ?2 "
                         "ORDER BY n",
    [STORE_HELD_SINCE] = "SELECT " HELD " FROM held WHERE stream = ?1 AND state = 2 AND at > ?2",
    [STORE_HELD_NEWEST_IN] = "SELECT " HELD " FROM held WHERE stream = ?1 AND state = 2 "
                             "ORDER BY n DESC",
    [STORE_HELD_COUNT] = "SELECT count(*) FROM held WHERE stream = ?1 AND state = 2",
    [STORE_HELD_COUNT_ALL] = "SELECT count(*) FROM held WHERE state = 2",
    [STORE_HELD_DUE] = "SELECT n FROM held WHERE state = 2 AND due > 0 AND due <= ?1 "
                       "ORDER BY due LIMIT ?2",
    [STORE_HELD_TIMED] = "SELECT n, user FROM held WHERE state = 2 AND due > 0 AND "
                         "(?1 = 0 OR stream = ?1)",
    [STORE_HELD_NOT_DUE] = "UPDATE held SET due = 0 WHERE n = ?1",
    [STORE_HELD_EXPIRE] = "DELETE FROM held WHERE log_n > 0 AND state <> 2 AND log_n IN (SELECT n "
                          "FROM log WHERE stream = ?1 AND seq <= ?2)",
    [STORE_HELD_DELETE] = "DELETE FROM held WHERE n = ?1",
    [STORE_HELD_STRETCH] = "SELECT at, n FROM held WHERE state = 3 AND (at, n) > (?1, ?2) AND "
                           "at <= ?3 ORDER BY at, n LIMIT 1 OFFSET ?4",
    [STORE_HELD_TEXTS] = "SELECT n FROM held WHERE state = 3 AND (at, n) > (?1, ?2) AND "
                         "(at, n) <= (?3, ?4) AND body <> '' LIMIT ?5",
    [STORE_HELD_EMPTY] = "UPDATE held SET body = '' WHERE n = ?1",
    /* What has a place is known as long as that: its id names it there. */
    [STORE_HELD_OLD] = "SELECT n FROM held WHERE state = 3 AND (at, n) > (?1, ?2) AND "
                       "(at, n) <= (?3, ?4) AND n < ?6 AND NOT EXISTS "
                       "(SELECT 1 FROM log WHERE log.n = held.log_n) LIMIT ?5",
    [STORE_HELD_OFF] = "SELECT stream, n, user FROM held WHERE state >= 2 AND "
                       "(stream, n) > (?1, ?2) ORDER BY stream, n",
    [STORE_HELD_BY_USER] =
        "SELECT n FROM (SELECT n, user FROM held WHERE stream = ?1 AND state >= 2 ORDER BY n DESC "
        "LIMIT ?3) AS newest WHERE user = ?2 AND "
        "(SELECT log_n FROM held WHERE held.n = newest.n) = 0 ORDER BY n DESC",
    /* By what waits, not by all that ever did: hence no index on n. */
    [STORE_HELD_WAITS] =
        "SELECT user FROM held WHERE state = 2 AND +n > ?2 AND (?1 = 0 OR stream = ?1)",
    [STORE_REJECTION_ADD] = "INSERT OR IGNORE INTO rejections(n, act) VALUES (?1, ?2)",
    [STORE_REJECTION_LIFT] = "DELETE FROM rejections WHERE n = ?1 AND act = ?2",
    [STORE_REJECTIONS_OF] = "SELECT act FROM rejections WHERE n = ?1 ORDER BY act DESC",
    [STORE_REJECTIONS_BY] = "SELECT n FROM rejections WHERE act = ?1 ORDER BY n LIMIT ?2",
    [STORE_REJECTIONS_COUNT] = "SELECT count(*) FROM rejections r JOIN held h ON h.n = r.n "
                               "WHERE r.act = ?1 AND h.seq = 0",
    [STORE_REJECTIONS_CONCERN] = "SELECT 1 FROM rejections r JOIN held h ON h.n = r.n "
                                 "WHERE r.act = ?1 AND h.user = ?2 LIMIT 1",
    [STORE_REJECTIONS_FORGET] = "DELETE FROM rejections WHERE n = ?1",
    [STORE_REJECTIONS_EXPIRE] = "DELETE FROM rejections WHERE n IN (SELECT n FROM held WHERE "
                                "log_n > 0 AND state <> 2 AND log_n IN (SELECT n FROM log WHERE "
                                "stream = ?1 AND seq <= ?2))",
    // what = ACT_REJECT
    [STORE_REJECTS] = "SELECT id, target FROM acts WHERE what = 7 AND lifted_by = 0",
    [STORE_ROW_ADD] = "INSERT INTO log(" ROW ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                      "?11, ?12, ?13, ?14)",
    [STORE_ROW_GET] = "SELECT " ROW " FROM log WHERE n = ?1",
    [STORE_ROWS_AFTER] = "SELECT " ROW " FROM log WHERE stream = ?1 AND seq > ?2 AND seq <= ?3 "
                         "AND " WANTED "ORDER BY seq",
    [STORE_ROWS_BEFORE] = "SELECT " ROW " FROM log WHERE stream = ?1 AND seq > ?2 AND seq <= ?3 "
                          "AND " WANTED "ORDER BY seq DESC",
    [STORE_ACTS_AFTER] = "SELECT " ROW " FROM log WHERE stream = ?1 AND seq > ?2 AND seq <= ?3 "
                         "AND " ACTS "AND " WANTED "ORDER BY seq",
    [STORE_ACTS_BEFORE] = "SELECT " ROW " FROM log WHERE stream = ?1 AND seq > ?2 AND seq <= ?3 "
                          "AND " ACTS "AND " WANTED "ORDER BY seq DESC",
    [STORE_ROWS_NEWEST] = "SELECT " ROW " FROM log ORDER BY n DESC",
    [STORE_ROWS_SINCE] = "SELECT " ROW " FROM log WHERE n >= ?1 ORDER BY n",
    [STORE_ROWS_NEWEST_N] = "SELECT max(n) FROM log",
    [STORE_ROWS_DELETE] = "DELETE FROM log WHERE stream = ?1 AND seq <= ?2",
    [STORE_ROWS_AUTHORS] = "SELECT user FROM log WHERE n > ?1 AND kind = 1 "
                           "AND (?2 = 0 OR stream = ?2) ORDER BY n",
    [STORE_ACT_ADD] = "INSERT INTO acts(" ACT ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                      "?11)",
    [STORE_ACT_GET] = "SELECT " ACT " FROM acts WHERE id = ?1",
    [STORE_ACT_IN_FORCE] = "SELECT " ACT " FROM acts WHERE key = ?1 AND lifted_by = 0 "
                           "AND (until = 0 OR until > ?2) ORDER BY id DESC LIMIT 1",
    [STORE_ACT_SET_SEQ] = "UPDATE acts SET seq = ?2 WHERE id = ?1",
    [STORE_ACT_LIFT] = "UPDATE acts SET lifted_by = ?2 WHERE id = ?1",
    [STORE_ACTS_LIFTED_BY] = "SELECT " ACT " FROM acts WHERE lifted_by = ?1 AND id > ?2 "
                             "ORDER BY id LIMIT 1",
    // what = ACT_RESTORE, ACT_APPROVE
    [STORE_PLACE_PUT] = "INSERT OR REPLACE INTO act_places(" PLACE ") "
                        "VALUES (?1, ?2, ?3, ?4, ?5)",
    [STORE_PLACE_GET] = "SELECT " PLACE " FROM act_places WHERE act = ?1",
    [STORE_PLACE_AFTER] = "SELECT " PLACE " FROM act_places WHERE act > ?1 ORDER BY act LIMIT 1",
    [STORE_REACH_PUT] = "INSERT OR REPLACE INTO reach(act, stream, " REACH ") "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [STORE_REACH_GET] = "SELECT " REACH " FROM reach WHERE act = ?1",
    [STORE_REACH_TRIM] = "DELETE FROM reach WHERE stream = ?1 AND act < (SELECT act FROM reach "
                         "WHERE stream = ?1 ORDER BY act DESC LIMIT 1 OFFSET ?2)",
    [STORE_PLACE_DELETE] = "DELETE FROM act_places WHERE act = ?1",
    [STORE_ACTS_RESTORED] =
        "SELECT total(what IN (3, 6) AND (?2 = 0 OR stream = ?2)), count(*) "
        "FROM (SELECT what, stream FROM acts WHERE id > ?1 ORDER BY id LIMIT ?3)",
    [STORE_HELD_NEWEST] = "SELECT max(n) FROM held",
    /* In these words the partial index is used: 14 is ACT_PIN. */
    [STORE_PINS] = "SELECT id, seq, target FROM acts WHERE stream = ?1 AND what = 14 "
                   "AND lifted_by = 0 ORDER BY id",
    /* The same; 22 is ACT_APPEAL, 23 ACT_DECIDE. */
    [STORE_APPEALS] =
        "SELECT " ACT " FROM acts WHERE stream = ?1 AND id > ?2 AND what = 22 ORDER BY id",
    [STORE_DECISION] = "SELECT " ACT " FROM acts WHERE stream = ?1 AND target = ?2 AND what = 23",
    [STORE_AUDIT_ADD] = "INSERT INTO audit(chain, n, act, entry) VALUES (?1, ?2, ?3, ?4)",
    [STORE_AUDIT_NEWEST] = "SELECT n, entry FROM audit WHERE chain = ?1 ORDER BY n DESC LIMIT 1",
    [STORE_AUDIT_AFTER] = "SELECT n, entry FROM audit WHERE chain = ?1 AND n > ?2 ORDER BY n",
    [STORE_AUDIT_BEFORE] = "SELECT n, entry FROM (SELECT n, entry FROM audit WHERE chain = ?1 AND "
                           "n < ?2 ORDER BY n DESC LIMIT ?3) ORDER BY n",
    [STORE_AUDIT_OF_ACT] = "SELECT n, entry FROM audit WHERE act = ?1",
    [STORE_SANCTION_ADD] =
        "INSERT OR REPLACE INTO sanctions(act, user, stream, what, until, words) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STORE_SANCTION_DELETE] = "DELETE FROM sanctions WHERE act = ?1 AND user = ?2",
    [STORE_SANCTION_ANY] = "SELECT EXISTS(SELECT 1 FROM sanctions WHERE act = ?1)",
    [STORE_LIFTED_FROM_ADD] =
        "INSERT OR IGNORE INTO lifted_from(lifter, act, user) VALUES (?1, ?2, ?3)",
    [STORE_LIFTED_FROM_NEXT] =
        "SELECT act, user FROM lifted_from WHERE lifter = ?1 ORDER BY act, user LIMIT 1",
    [STORE_LIFTED_FROM_DELETE] =
        "DELETE FROM lifted_from WHERE lifter = ?1 AND act = ?2 AND user = ?3",
    [STORE_SANCTIONS] = "SELECT act, user, stream, what, until, words FROM sanctions ORDER BY act",
    [STORE_SANCTIONS_OF] =
        "SELECT act, user, stream, what, until, words FROM sanctions "
        "WHERE stream IN (?1, 0) AND (?2 = '' OR user = ?2) AND (until = 0 OR until > ?3) "
        "ORDER BY act DESC",
    [STORE_WARNINGS_OF] = "SELECT act, user, stream, what, until, words FROM sanctions "
                          "WHERE stream IN (?1, 0) AND user = ?2 AND what = 13 ORDER BY act",
    [STORE_RANK_SET] = "INSERT OR REPLACE INTO ranks(stream, user, roles) VALUES (?1, ?2, ?3)",
    [STORE_RANK_GET] = "SELECT roles FROM ranks WHERE user = ?2 AND stream IN (?1, 0) "
                       "ORDER BY stream DESC LIMIT 1",
    [STORE_RANKS_OF] = "SELECT roles FROM ranks WHERE user = ?1",
    [STORE_RANKS_DELETE] = "DELETE FROM ranks WHERE user = ?1",
    [STORE_DEDUPE_GET] = "SELECT n FROM dedupe_0 WHERE key = ?1",
    [STORE_DEDUPE_GET + 1] = "SELECT n FROM dedupe_1 WHERE key = ?1",
    [STORE_DEDUPE_GET + 2] = "SELECT n FROM dedupe_2 WHERE key = ?1",
    [STORE_DEDUPE_ADD] = "INSERT INTO dedupe_0(key, n) VALUES (?1, ?2)",
    [STORE_DEDUPE_ADD + 1] = "INSERT INTO dedupe_1(key, n) VALUES (?1, ?2)",
    [STORE_DEDUPE_ADD + 2] = "INSERT INTO dedupe_2(key, n) VALUES (?1, ?2)",
    [STORE_DEDUPE_DELETE] =
        "DELETE FROM dedupe_0 WHERE key IN (SELECT key FROM dedupe_0 ORDER BY key LIMIT ?1)",
    [STORE_DEDUPE_DELETE + 1] =
        "DELETE FROM dedupe_1 WHERE key IN (SELECT key FROM dedupe_1 ORDER BY key LIMIT ?1)",
    [STORE_DEDUPE_DELETE + 2] =
        "DELETE FROM dedupe_2 WHERE key IN (SELECT key FROM dedupe_2 ORDER BY key LIMIT ?1)",
};

static enum err failed(struct store *store, int code)
{
    store->failure = code;
    if (store_pages_is_damage(code)) {
        return ERR_PROTO;
    }
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        mem_note_refused(MEM_ENGINE);
        return ERR_NOMEM;
    case SQLITE_NOTADB:
        return ERR_PROTO;
    default:
        return ERR_SYS;
    }
}

static int on_wal(void *user, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct store *store = user;
    store->wal_pages = (uint32_t)pages;
    return SQLITE_OK;
}

/* A file system without shared memory (some of the network's) leaves another mode in force. */
static enum err want_wal(struct store *store)
{
    sqlite3_stmt *query = NULL;
    int code = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &query, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(query);
    }
    const char *mode = code == SQLITE_ROW ? (const char *)sqlite3_column_text(query, 0) : NULL;
    const bool is_had = mode != NULL && (strcmp(mode, "wal") == 0 || strcmp(mode, "memory") == 0);
    (void)sqlite3_finalize(query);
    if (is_had) {
        return ERR_OK;
    }
    return failed(store, code == SQLITE_ROW ? SQLITE_IOERR_SHMMAP : code);
}

static enum err set_up(struct store *store, enum store_mode mode)
{
    if (mode == STORE_READS) {
        return store_exec(store,
                          "PRAGMA query_only = ON; PRAGMA cache_size = -" CACHE_READER_KIB ";"
                          "PRAGMA cell_size_check = ON");
    }
    /* Who closes the store empties the WAL before, or has a reason to leave it as it is. */
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    /* Ours is the only process with the file; whoever else looks at it meanwhile only reads. */
    /* EXTRA: making the file goes through a rollback journal, and were its deletion not synced, it
     * could come back after a power cut and empty the file. */
    TRY(store_exec(store, "PRAGMA page_size = 4096; PRAGMA synchronous = EXTRA"));
    int reserved_bytes = STORE_PAGES_SUM_BYTES; // of a file that is made now
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved_bytes);
    TRY(want_wal(store));
    /* What is erased leaves no bytes behind, neither in its page nor in one that is free. */
    TRY(store_exec(store, "PRAGMA secure_delete = ON;"
                          "PRAGMA wal_autocheckpoint = 0;"
                          "PRAGMA cache_size = -" CACHE_WRITER_KIB ";"
                          "PRAGMA temp_store = MEMORY;"
                          "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;"
                          "PRAGMA cache_spill = OFF")); // each frame is written once
    sqlite3_wal_hook(store->db, on_wal, store);
    if (mutant(SYNC_SKIPPED)) {
        return store_exec(store, "PRAGMA synchronous = OFF");
    }
    return ERR_OK;
}

enum err store_open(struct store *store, const char *path, enum store_mode mode)
{
    const int access =
        mode == STORE_READS ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    must(store->db == NULL);
    *store = (struct store){.page_bytes = 4096};
    const int code = sqlite3_open_v2(
        path, &store->db, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, store_pages_vfs());
    if (code != SQLITE_OK) {
        store_close(store);
        return failed(store, code);
    }
    (void)sqlite3_busy_timeout(store->db, BUSY_WAIT_MS);
    const enum err err = set_up(store, mode);
    if (err != ERR_OK) {
        const int why = store->failure;
        store_close(store);
        store->failure = why;
    }
    return err;
}

void store_close(struct store *store)
{
    for (size_t i = 0; i < STORE_QUERIES; i++) {
        (void)sqlite3_finalize(store->queries[i]);
        store->queries[i] = NULL;
    }
    (void)sqlite3_close(store->db);
    store->db = NULL;
    store->is_open_transaction = false;
}

void store_move(struct store *from, struct store *to)
{
    must(to->db == NULL && !from->is_open_transaction);
    *to = *from;
    *from = (struct store){.db = NULL};
    sqlite3_wal_hook(to->db, on_wal, to);
}

enum err store_ask(struct store *store, enum store_query which, sqlite3_stmt **ret_query)
{
    sqlite3_stmt *query = store->queries[which];
    if (query == NULL) {
        if (store->db == NULL) {
            return failed(store, SQLITE_CANTOPEN);
        }
        const int code = sqlite3_prepare_v3(store->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                            &query, NULL);
        if (code != SQLITE_OK) {
            return failed(store, code);
        }
        store->queries[which] = query;
    }
    (void)sqlite3_reset(query); // its failure was told by the step that had it
    store->asked[which / 64] |= 1ULL << which % 64;

    *ret_query = query;
    return ERR_OK;
}

enum err store_step(struct store *store, sqlite3_stmt *query)
{
    const int code = sqlite3_step(query);
    if (code == SQLITE_ROW) {
        return ERR_OK;
    }
    return code == SQLITE_DONE ? ERR_NOT_FOUND : failed(store, code);
}

enum err store_run(struct store *store, sqlite3_stmt *query)
{
    const int code = sqlite3_step(query);
    (void)sqlite3_reset(query);
    return code == SQLITE_DONE || code == SQLITE_ROW ? ERR_OK : failed(store, code);
}

void store_bind_text(sqlite3_stmt *query, int place, struct str text)
{
    (void)sqlite3_bind_text(query, place, text.len == 0 ? "" : text.at, (int)text.len,
                            SQLITE_STATIC);
}

struct str store_column_text(sqlite3_stmt *query, int place)
{
    const char *text = (const char *)sqlite3_column_text(query, place);
    return (struct str){.at = text,
                        .len = text == NULL ? 0 : (size_t)sqlite3_column_bytes(query, place)};
}

enum err store_exec(struct store *store, const char *sql)
{
    const int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_OK : failed(store, code);
}

static enum err begin(struct store *store, enum store_query which)
{
    sqlite3_stmt *query = NULL;
    must(!store->is_open_transaction);
    TRY(store_ask(store, which, &query));
    TRY(store_run(store, query));
    store->is_open_transaction = true;
    return ERR_OK;
}

enum err store_begin_write(struct store *store)
{
    return begin(store, STORE_BEGIN_WRITE);
}

enum err store_begin_read(struct store *store)
{
    return begin(store, STORE_BEGIN_READ);
}

/* A statement that still stands on a row keeps its read transaction, whatever COMMIT says. */
static void end_statements(struct store *store)
{
    for (size_t word = 0; word < sizeof(store->asked) / sizeof(store->asked[0]); word++) {
        for (uint64_t left = store->asked[word]; left != 0; left &= left - 1) {
            (void)sqlite3_reset(store->queries[word * 64 + (size_t)__builtin_ctzll(left)]);
        }
        store->asked[word] = 0;
    }
}

enum err store_commit(struct store *store)
{
    sqlite3_stmt *query = NULL;
    must(store->is_open_transaction);
    end_statements(store);
    enum err err = store_ask(store, STORE_COMMIT, &query);
    if (err == ERR_OK) {
        err = store_run(store, query);
    }
    if (err == ERR_OK) {
        store->is_open_transaction = false;
        return ERR_OK;
    }
    const int why = store->failure;
    store_rollback(store);
    store->failure = why;
    return err;
}

void store_rollback(struct store *store)
{
    sqlite3_stmt *query = NULL;
    if (!store->is_open_transaction) {
        return;
    }
    store->is_open_transaction = false;
    const int why = store->failure;
    end_statements(store);
    /* After some failures SQLite has rolled back by itself; a rollback that fails leaves nothing
     * either, since the next begin would say so. */
    if (sqlite3_get_autocommit(store->db) == 0 &&
        store_ask(store, STORE_ROLLBACK, &query) == ERR_OK) {
        (void)sqlite3_step(query);
        (void)sqlite3_reset(query);
    }
    store->failure = why;
}

static int write_again(sqlite3_file *file, uint8_t *bytes, int64_t size)
{
    int code = SQLITE_OK;
    for (int64_t at = 0, len = 0; code == SQLITE_OK && at < size; at += len) {
        len = size - at < SETTLE_BYTES ? size - at : SETTLE_BYTES;
        len = len == STORE_PAGES_BYTES ? len / 2 : len; // store_pages.h takes that for a page
        code = file->pMethods->xRead(file, bytes, (int)len, at);
        code = code == SQLITE_OK ? file->pMethods->xWrite(file, bytes, (int)len, at) : code;
    }
    return code == SQLITE_OK ? file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) : code;
}

static enum err settle_wal(struct store *store)
{
    sqlite3_file *wal = NULL;
    sqlite3_int64 size = 0;
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&wal);
    if (wal == NULL || wal->pMethods == NULL) {
        return ERR_OK;
    }
    uint8_t *bytes = mem_new(MEM_ENGINE, SETTLE_BYTES);
    if (bytes == NULL) {
        return ERR_NOMEM;
    }
    int code = wal->pMethods->xFileSize(wal, &size);
    code = code == SQLITE_OK ? write_again(wal, bytes, size) : code;
    mem_free(MEM_ENGINE, bytes);
    return code == SQLITE_OK ? ERR_OK : failed(store, code);
}

enum err store_checkpoint(struct store *store, bool truncate)
{
    int pages = 0;
    int done = 0;
    const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    const int code = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, &pages, &done);
    if (code != SQLITE_OK) {
        return (code & 0xff) == SQLITE_BUSY ? ERR_AGAIN : failed(store, code);
    }
    store->wal_pages = truncate ? 0 : (uint32_t)pages;
    return ERR_OK;
}

enum err store_empty_wal(struct store *store)
{
    TRY(settle_wal(store));
    return store_checkpoint(store, true);
}

uint64_t store_wal_bytes(const struct store *store)
{
    return (uint64_t)store->wal_pages * (store->page_bytes + WAL_FRAME_HEADER);
}

const char *store_failure_text(const struct store *store)
{
    return sqlite3_errstr(store->failure);
}
