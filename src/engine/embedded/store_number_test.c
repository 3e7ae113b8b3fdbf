// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_number_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int64_t store_number(struct store *store, const char *sql)
{
    sqlite3_stmt *query = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &query, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    const int64_t found = sqlite3_column_int64(query, 0);
    assert_int_equal(sqlite3_finalize(query), SQLITE_OK);
    return found;
}
