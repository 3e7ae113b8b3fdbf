// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_breaks_test.h"

#include <stddef.h>
#include <string.h>

enum { EACH_UPTO = 64, THINNED = 32 };

static bool is_now(struct store_breaks *breaks)
{
    return breaks->left > 0 && --breaks->left == 0;
}

static int on_step(void *user)
{
    return is_now(user);
}

/* breach(params): SQLite's own signature */
static int on_ask(void *user, int what, const char *about, const char *more, const char *database,
                  const char *trigger)
{
    (void)more;
    (void)database;
    (void)trigger;
    if (what == SQLITE_TRANSACTION && strcmp(about, "ROLLBACK") == 0) {
        return SQLITE_OK;
    }
    return is_now(user) ? SQLITE_DENY : SQLITE_OK;
}

void store_breaks_arm(struct store_breaks *breaks, struct store *store, enum store_breaks_what what,
                      uint64_t n)
{
    *breaks = (struct store_breaks){.left = n};
    if (what == STORE_BREAKS_ASKING) {
        (void)sqlite3_set_authorizer(store->db, on_ask, breaks);
    } else {
        sqlite3_progress_handler(store->db, 1, on_step, breaks);
    }
}

bool store_breaks_disarm(struct store_breaks *breaks, struct store *store)
{
    (void)sqlite3_set_authorizer(store->db, NULL, NULL);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
    store_rollback(store);
    if (sqlite3_get_autocommit(store->db) == 0) { // BEGIN did begin, and broke after it
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return breaks->left == 0;
}

uint64_t store_breaks_next(uint64_t n)
{
    return n + 1 + (n > EACH_UPTO ? n / THINNED : 0);
}
