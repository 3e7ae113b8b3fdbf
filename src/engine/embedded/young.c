// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/young.h"

#include <stddef.h>

enum err young_note(struct store *store, struct str user, int64_t since_s, int64_t now_s)
{
    sqlite3_stmt *query = NULL;
    if (since_s <= 0 || now_s - since_s > YOUNG_S) {
        return ERR_OK;
    }
    TRY(store_ask(store, STORE_YOUNG_ADD, &query));
    store_bind_text(query, 1, user);
    (void)sqlite3_bind_int64(query, 2, since_s);
    return store_run(store, query);
}

enum err young_find(struct store *store, struct str user, int64_t *ret_since_s)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_YOUNG_GET, &query));
    store_bind_text(query, 1, user);
    TRY(store_step(store, query));
    *ret_since_s = sqlite3_column_int64(query, 0);
    return ERR_OK;
}

enum err young_forget(struct store *store, int64_t now_s)
{
    sqlite3_stmt *query = NULL;
    TRY(store_ask(store, STORE_YOUNG_DELETE, &query));
    (void)sqlite3_bind_int64(query, 1, now_s - YOUNG_KEPT_S);
    return store_run(store, query);
}
