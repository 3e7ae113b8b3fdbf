// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_dedupe.h"

#include "base/hash.h"
#include "engine/embedded/held.h"
#include "engine/embedded/store_rows.h"
#include "engine/embedded/store_schema.h"
#include "engine/embedded/store_streams.h"

#include <stddef.h>
#include <stdio.h>

/* Three tables take turns, a turn lasting at least 24 hours of service:
 *
 *      generation g     table g % 3        takes what is accepted now
 *      generation g-1   table (g-1) % 3    still asked
 *      generation g-2   table (g+1) % 3    emptied piece by piece; a turn ends when it is empty
 *
 * In a table an entry stands at its hash or, where that is taken, at the first free number after
 * it; entries are never taken out one by one while the table is asked, so a search ends at the
 * first free number. What is found is compared with the row: equal hashes are not equal keys. */
enum { EMPTIED_AT_ONCE = 500, PROBES_MAX = 64 };

static enum store_query query_of(enum store_query first, uint64_t generation)
{
    return (enum store_query)((uint64_t)first + generation % STORE_DEDUPE_TABLES);
}

static void since_name(uint64_t generation, char name[32])
{
    snprintf(name, 32, "since_n_%u", (unsigned)(generation % STORE_DEDUPE_TABLES));
}

static int64_t hash_of(const struct store_dedupe *dedupe, const struct store_dedupe_key *key)
{
    const struct str parts[] = {key->stream, key->user, key->cid};
    return (int64_t)hash_parts(dedupe->hash_key, parts, sizeof(parts) / sizeof(parts[0]));
}

static int64_t after(int64_t hash) // wraps around
{
    return (int64_t)((uint64_t)hash + 1);
}

enum err store_dedupe_open(struct store *store, uint64_t hash_key, int64_t mono_ms,
                           struct store_dedupe *ret_dedupe)
{
    struct store_dedupe dedupe = {
        .hash_key = hash_key, .opened_mono_ms = mono_ms, .saved_mono_ms = mono_ms};
    TRY(store_schema_number(store, "generation", &dedupe.generation));
    TRY(store_schema_number(store, "generation_ms", &dedupe.generation_ms));
    TRY(store_schema_number(store, "served_ms", &dedupe.served_ms));
    for (uint64_t i = 0; i < STORE_DEDUPE_TABLES; i++) {
        char name[32];
        since_name(i, name);
        TRY(store_schema_number(store, name, &dedupe.since_n[i]));
    }
    *ret_dedupe = dedupe;
    return ERR_OK;
}

/* ERR_NOT_FOUND: the number is free. */
static enum err entry_at(struct store *store, uint64_t generation, int64_t hash, uint64_t *ret_n)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, query_of(STORE_DEDUPE_GET, generation), &query));
    (void)sqlite3_bind_int64(query, 1, hash);
    TRY(store_step(store, query));
    *ret_n = (uint64_t)sqlite3_column_int64(query, 0);
    return ERR_OK;
}

static enum err gone_if_absent(enum err err)
{
    return err == ERR_NOT_FOUND ? ERR_GONE : err;
}

/* Who posted it where: a comment that was held has no row of that number. */
static enum err find_poster(struct store *store, uint64_t n, struct store_row *ret_row)
{
    struct held_row held;
    const enum err err = store_rows_get(store, n, ret_row);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    TRY(held_find(store, n, &held));
    *ret_row = (struct store_row){.stream = held.stream, .user = held.user, .cid = held.cid};
    return ERR_OK;
}

/* ERR_AGAIN: another's; ERR_GONE: nobody can say any more whose. */
static enum err compare(struct store *store, uint64_t n, const struct store_dedupe_key *key)
{
    struct store_row row;
    struct store_stream stream;
    struct str name;
    TRY(gone_if_absent(find_poster(store, n, &row)));
    if (!str_eq(row.user, key->user) || !str_eq(row.cid, key->cid)) {
        return ERR_AGAIN;
    }
    TRY(gone_if_absent(store_streams_by_id(store, row.stream, &stream, &name)));
    return str_eq(name, key->stream) ? ERR_OK : ERR_AGAIN;
}

static enum err find_in(struct store *store, uint64_t generation, int64_t hash,
                        const struct store_dedupe_key *key, uint64_t *ret_n)
{
    for (int probe = 0; probe < PROBES_MAX; probe++, hash = after(hash)) {
        uint64_t n = 0;
        TRY(entry_at(store, generation, hash, &n));
        const enum err err = compare(store, n, key);
        if (err != ERR_AGAIN) {
            *ret_n = n;
            return err;
        }
    }
    return ERR_LIMIT;
}

enum err store_dedupe_find(struct store *store, const struct store_dedupe *dedupe,
                           const struct store_dedupe_key *key, uint64_t *ret_n)
{
    const int64_t hash = hash_of(dedupe, key);
    const enum err err = find_in(store, dedupe->generation, hash, key, ret_n);
    if (err != ERR_NOT_FOUND || dedupe->generation == 0) {
        return err;
    }
    return find_in(store, dedupe->generation - 1, hash, key, ret_n);
}

enum err store_dedupe_add(struct store *store, const struct store_dedupe *dedupe,
                          const struct store_dedupe_key *key, uint64_t n)
{
    int64_t hash = hash_of(dedupe, key);
    uint64_t taken = 0;
    enum err err = ERR_OK;
    while ((err = entry_at(store, dedupe->generation, hash, &taken)) == ERR_OK) {
        hash = after(hash);
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, query_of(STORE_DEDUPE_ADD, dedupe->generation), &query));
    (void)sqlite3_bind_int64(query, 1, hash);
    (void)sqlite3_bind_int64(query, 2, (int64_t)n);
    return store_run(store, query);
}

static enum err empty_oldest(struct store *store, uint64_t generation, bool *ret_is_empty)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, query_of(STORE_DEDUPE_DELETE, generation + 1), &query));
    (void)sqlite3_bind_int(query, 1, EMPTIED_AT_ONCE);
    TRY(store_run(store, query));
    *ret_is_empty = sqlite3_changes(store->db) < EMPTIED_AT_ONCE;
    return ERR_OK;
}

enum err store_dedupe_tidy(struct store *store, struct store_dedupe *dedupe, uint64_t next_n,
                           int64_t mono_ms)
{
    struct store_dedupe after_it = *dedupe;
    bool is_empty = false;
    const uint64_t served_ms = dedupe->served_ms + (uint64_t)(mono_ms - dedupe->opened_mono_ms);
    TRY(empty_oldest(store, dedupe->generation, &is_empty));
    TRY(store_schema_set_number(store, "served_ms", served_ms));
    after_it.saved_mono_ms = mono_ms;
    if (is_empty && served_ms - dedupe->generation_ms >= (uint64_t)STORE_DEDUPE_KEPT_MS) {
        char name[32];
        after_it.generation++;
        after_it.generation_ms = served_ms;
        after_it.since_n[after_it.generation % STORE_DEDUPE_TABLES] = next_n;
        since_name(after_it.generation, name);
        TRY(store_schema_set_number(store, name, next_n));
        TRY(store_schema_set_number(store, "generation", after_it.generation));
        TRY(store_schema_set_number(store, "generation_ms", served_ms));
    }
    *dedupe = after_it;
    return ERR_OK;
}

uint64_t store_dedupe_oldest_n(const struct store_dedupe *dedupe)
{
    const uint64_t oldest = dedupe->generation == 0 ? 0 : dedupe->generation - 1;
    return dedupe->since_n[oldest % STORE_DEDUPE_TABLES];
}
