// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_schema.h"

#include "engine/embedded/rejections.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

enum {
    VERSION = 6,
    VERSION_OLDEST = 2,
    VERSION_MODERATION = 3,
    VERSION_STAFF = 4,
    VERSION_REACH = 5,
    APPLICATION = 0x526f6172,
    EPOCH_LEN = 8
}; // "Roar"

static const char tables[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE streams(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " state INTEGER NOT NULL, retention_days INTEGER NOT NULL, created INTEGER NOT NULL,"
    " ground_seq INTEGER NOT NULL, ground_at INTEGER NOT NULL, ground_segment INTEGER NOT NULL);"
    "CREATE TABLE log(n INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " prev INTEGER NOT NULL, at INTEGER NOT NULL, kind INTEGER NOT NULL, flags INTEGER NOT NULL,"
    " rank INTEGER NOT NULL, segment INTEGER NOT NULL, user TEXT NOT NULL, cid TEXT NOT NULL,"
    " body TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX log_place ON log(stream, seq);"
    "CREATE INDEX log_acts ON log(stream, seq) WHERE kind <> 1;"
    "CREATE TABLE dedupe_0(key INTEGER PRIMARY KEY, n INTEGER NOT NULL);"
    "CREATE TABLE dedupe_1(key INTEGER PRIMARY KEY, n INTEGER NOT NULL);"
    "CREATE TABLE dedupe_2(key INTEGER PRIMARY KEY, n INTEGER NOT NULL);";

/* What format 3 has beyond 2: a new log and an old one get it by the same words. */
static const char moderation_tables[] =
    "ALTER TABLE streams ADD COLUMN rules TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE acts(id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, what INTEGER NOT NULL,"
    " key INTEGER NOT NULL, target TEXT NOT NULL, value TEXT NOT NULL, seconds INTEGER NOT NULL,"
    " at INTEGER NOT NULL, until INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " lifted_by INTEGER NOT NULL);"
    "CREATE INDEX acts_key ON acts(key) WHERE lifted_by = 0;"
    "CREATE INDEX acts_pins ON acts(stream, id) WHERE what = 14 AND lifted_by = 0;"
    "CREATE INDEX acts_appeals ON acts(stream, id) WHERE what = 22;"
    "CREATE INDEX acts_decisions ON acts(stream, target) WHERE what = 23;"
    "CREATE INDEX acts_lifted ON acts(lifted_by) WHERE lifted_by > 0;"
    "CREATE TABLE audit(chain INTEGER NOT NULL, n INTEGER NOT NULL, act INTEGER NOT NULL,"
    " entry TEXT NOT NULL, PRIMARY KEY(chain, n)) WITHOUT ROWID;"
    "CREATE INDEX audit_act ON audit(act);"
    "CREATE TABLE sanctions(act INTEGER NOT NULL, user TEXT NOT NULL, stream INTEGER NOT NULL,"
    " what INTEGER NOT NULL, until INTEGER NOT NULL, words TEXT NOT NULL,"
    " PRIMARY KEY(act, user)) WITHOUT ROWID;"
    "CREATE TABLE ranks(stream INTEGER NOT NULL, user TEXT NOT NULL, roles INTEGER NOT NULL,"
    " PRIMARY KEY(user, stream)) WITHOUT ROWID;"
    "CREATE TABLE removals(stream INTEGER NOT NULL, seq INTEGER NOT NULL, act INTEGER NOT NULL,"
    " PRIMARY KEY(stream, seq, act)) WITHOUT ROWID;"
    "CREATE INDEX removals_act ON removals(act);"
    "CREATE TABLE sweeps(act INTEGER NOT NULL, user TEXT NOT NULL, stream INTEGER NOT NULL,"
    " upto_n INTEGER NOT NULL, left_n INTEGER NOT NULL, lifted INTEGER NOT NULL,"
    " PRIMARY KEY(act, user)) WITHOUT ROWID;"
    "CREATE TABLE evidence(n INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " user TEXT NOT NULL, removed INTEGER NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX evidence_place ON evidence(stream, seq);"
    "CREATE INDEX evidence_removed ON evidence(removed);"
    "CREATE TABLE held(n INTEGER PRIMARY KEY, stream INTEGER NOT NULL, state INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, log_n INTEGER NOT NULL, act INTEGER NOT NULL, due INTEGER NOT NULL,"
    " at INTEGER NOT NULL, flags INTEGER NOT NULL, user TEXT NOT NULL, cid TEXT NOT NULL,"
    " rule TEXT NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE young(user TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX held_placed ON held(log_n) WHERE log_n > 0;"
    "CREATE INDEX held_rejected ON held(at) WHERE state = 3;"
    "CREATE TABLE carried(stream INTEGER NOT NULL, seq INTEGER NOT NULL, row_n INTEGER NOT NULL,"
    " user TEXT NOT NULL, due INTEGER NOT NULL, PRIMARY KEY(stream, seq, row_n)) WITHOUT ROWID;"
    "CREATE INDEX carried_due ON carried(row_n, seq) WHERE due = 1;"
    "CREATE INDEX carried_user ON carried(user);"
    "DROP INDEX log_acts;" // in format 2 all but comments were acts
    "CREATE INDEX log_acts ON log(stream, seq) WHERE kind NOT IN (1, 8);"
    "CREATE INDEX log_removed ON log(stream, seq) WHERE kind = 8 AND (flags & 4) = 0;"
    "CREATE INDEX log_shadows ON log(stream, seq) WHERE (flags & 4) <> 0;"
    "CREATE INDEX log_shadows_of ON log(user, n) WHERE (flags & 4) <> 0;"
    "CREATE INDEX held_queue ON held(stream, n) WHERE state = 2;"
    "CREATE INDEX held_due ON held(due) WHERE state = 2 AND due > 0;";

/* What format 4 has beyond 3. */
static const char format_4[] =
    "ALTER TABLE log ADD COLUMN staff TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE act_places(act INTEGER PRIMARY KEY, part INTEGER NOT NULL,"
    " at INTEGER NOT NULL, upto_n INTEGER NOT NULL, staff TEXT NOT NULL);"
    "CREATE TABLE lifted(stream INTEGER NOT NULL, seq INTEGER NOT NULL, restore INTEGER NOT NULL,"
    " act INTEGER NOT NULL, PRIMARY KEY(stream, seq, restore, act)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS log_removed ON log(stream, seq) WHERE kind = 8 AND (flags & 4) = 0;"
    "CREATE INDEX sweeps_user ON sweeps(user)";

/* What format 5 has beyond 4. */
static const char format_5[] =
    "CREATE TABLE reach(act INTEGER PRIMARY KEY, stream INTEGER NOT NULL, bits INTEGER NOT NULL,"
    " viewers INTEGER NOT NULL, applied INTEGER NOT NULL, cut INTEGER NOT NULL,"
    " p50 INTEGER NOT NULL, p95 INTEGER NOT NULL, comments INTEGER NOT NULL,"
    " exposure INTEGER NOT NULL);"
    "CREATE INDEX reach_stream ON reach(stream, act)";

/* What format 6 has beyond 5: a rejection is an act's as a removal is, whom an act lifted another
 * from is known, and warnings (ACT_WARN) are found by whose they are: no other sanction pays. */
static const char format_6[] =
    "CREATE TABLE rejections(n INTEGER NOT NULL, act INTEGER NOT NULL, PRIMARY KEY(n, act)) "
    "WITHOUT ROWID;"
    "CREATE INDEX rejections_act ON rejections(act, n);"
    "CREATE TABLE lifted_from(lifter INTEGER NOT NULL, act INTEGER NOT NULL, user TEXT NOT NULL,"
    " PRIMARY KEY(lifter, act, user)) WITHOUT ROWID;"
    "CREATE INDEX held_off ON held(stream, n, user, state) WHERE state >= 2;"
    "CREATE INDEX sanctions_warned ON sanctions(user) WHERE what = 13";

static enum err pragma(struct store *store, const char *sql, int64_t *ret_number)
{
    sqlite3_stmt *query = NULL;
    const int code = sqlite3_prepare_v2(store->db, sql, -1, &query, NULL);
    if (code != SQLITE_OK) {
        store->failure = code;
        return (code & 0xff) == SQLITE_NOTADB ? ERR_PROTO : ERR_SYS;
    }
    enum err err = store_step(store, query);
    if (err == ERR_OK) {
        *ret_number = sqlite3_column_int64(query, 0);
    }
    (void)sqlite3_finalize(query);
    return err;
}

enum err store_schema_number(struct store *store, const char *name, uint64_t *ret_number)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_META_GET, &query));
    (void)sqlite3_bind_text(query, 1, name, -1, SQLITE_STATIC);
    TRY(store_step(store, query));
    *ret_number = (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}

enum err store_schema_set_number(struct store *store, const char *name, uint64_t number)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_META_SET, &query));
    (void)sqlite3_bind_text(query, 1, name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(query, 2, (int64_t)number);
    return store_run(store, query);
}

static enum err set_epoch(struct store *store, const struct epoch *epoch)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_META_SET, &query));
    (void)sqlite3_bind_text(query, 1, "epoch", -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(query, 2, epoch->text, -1, SQLITE_STATIC);
    return store_run(store, query);
}

static enum err get_epoch(struct store *store, struct epoch *ret_epoch)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_META_GET, &query));
    (void)sqlite3_bind_text(query, 1, "epoch", -1, SQLITE_STATIC);
    TRY(store_step(store, query));
    const unsigned char *text = sqlite3_column_text(query, 0);
    const int len = sqlite3_column_bytes(query, 0);
    if (text == NULL || len < 1 || len > EPOCH_LEN_MAX) {
        return ERR_PROTO;
    }
    *ret_epoch = (struct epoch){.text = ""};
    memcpy(ret_epoch->text, text, (size_t)len);
    return ERR_OK;
}

static struct epoch new_epoch(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    struct epoch epoch = {.text = ""};
    for (int i = 0; i < EPOCH_LEN; i++) {
        epoch.text[i] = letters[sys_random_u64() % (sizeof(letters) - 1)];
    }
    return epoch;
}

static enum err fill(struct store *store)
{
    const struct epoch epoch = new_epoch();
    TRY(store_exec(store, tables));
    TRY(store_exec(store, moderation_tables));
    TRY(store_exec(store, format_4));
    TRY(store_exec(store, format_5));
    TRY(store_exec(store, format_6));
    TRY(set_epoch(store, &epoch));
    TRY(store_schema_set_number(store, "hash_key", sys_random_u64()));
    TRY(store_schema_set_number(store, "id_key", sys_random_u64()));
    TRY(store_schema_set_number(store, "next_n", 1));
    TRY(store_schema_set_number(store, "served_ms", 0));
    TRY(store_schema_set_number(store, "generation", 0));
    TRY(store_schema_set_number(store, "generation_ms", 0));
    TRY(store_schema_set_number(store, "since_n_0", 1));
    TRY(store_schema_set_number(store, "since_n_1", 1));
    TRY(store_schema_set_number(store, "since_n_2", 1));
    char sql[96];
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION,
             VERSION);
    return store_exec(store, sql);
}

/* Until format 5 the act alone knew what it rejected: by the id it names. */
static enum err fill_rejections(struct store *store)
{
    uint64_t id_key = 0;
    const enum err err = store_schema_number(store, "id_key", &id_key);
    return err == ERR_OK ? rejections_fill(store, id_key) : err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* A log of format 2 to 5 becomes one of this: all of it, or it stays as it was. */
static enum err grow(struct store *store)
{
    char sql[48];
    int64_t version = 0;
    TRY(pragma(store, "PRAGMA user_version", &version));
    if (version < VERSION_MODERATION) {
        TRY(store_exec(store, moderation_tables));
    }
    if (version < VERSION_STAFF) {
        TRY(store_exec(store, format_4));
    }
    if (version < VERSION_REACH) {
        TRY(store_exec(store, format_5));
    }
    TRY(store_exec(store, format_6));
    TRY(fill_rejections(store));
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", VERSION);
    return store_exec(store, sql);
}

static enum err change(struct store *store, enum err (*fn)(struct store *store))
{
    TRY(store_begin_write(store));
    const enum err err = fn(store);
    if (err != ERR_OK) {
        store_rollback(store);
        return err;
    }
    return store_commit(store);
}

static enum err refuse(struct store_fault *fault, const char *why)
{
    snprintf(fault->text, sizeof(fault->text), "%s", why);
    return ERR_PROTO;
}

static enum err check_version(struct store *store, struct store_fault *fault)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t objects = 0;
    TRY(pragma(store, "SELECT count(*) FROM sqlite_schema", &objects));
    TRY(pragma(store, "PRAGMA application_id", &application));
    TRY(pragma(store, "PRAGMA user_version", &version));
    if (objects == 0 && application == 0 && version == 0) {
        return change(store, fill);
    }
    if (application != APPLICATION) {
        return refuse(fault, "is a database of another program; move it away or choose another "
                             "data folder");
    }
    if (version > VERSION) {
        snprintf(fault->text, sizeof(fault->text),
                 "is of format %lld, and this roar knows up to %d; start the roar that wrote it or "
                 "a later one",
                 (long long)version, VERSION);
        return ERR_PROTO;
    }
    if (version < VERSION_OLDEST) {
        return refuse(fault, "is of a format that no released roar wrote; move it away");
    }
    return version < VERSION ? change(store, grow) : ERR_OK;
}

static enum err read_identity(struct store *store, struct store_identity *ret_identity)
{
    TRY(get_epoch(store, &ret_identity->epoch));
    TRY(store_schema_number(store, "hash_key", &ret_identity->hash_key));
    return store_schema_number(store, "id_key", &ret_identity->id_key);
}

enum err store_schema_prepare(struct store *store, struct store_fault *fault,
                              struct store_identity *ret_identity)
{
    struct store_identity identity = {.hash_key = 0};
    fault->text[0] = '\0';
    TRY(check_version(store, fault));
    TRY(store_begin_read(store));
    const enum err err = read_identity(store, &identity);
    store_rollback(store);
    if (err == ERR_NOT_FOUND || (err == ERR_PROTO && store->failure == SQLITE_OK)) {
        return refuse(fault, "is damaged: its table `meta` lacks what every log has; restore it "
                             "from a backup");
    }
    if (err == ERR_OK) {
        *ret_identity = identity;
    }
    return err;
}

enum err store_schema_renew_epoch(struct store *store, struct store_identity *identity)
{
    const struct epoch epoch = new_epoch();
    TRY(store_begin_write(store));
    const enum err err = set_epoch(store, &epoch);
    if (err != ERR_OK) {
        store_rollback(store);
        return err;
    }
    TRY(store_commit(store));
    identity->epoch = epoch;
    return ERR_OK;
}
