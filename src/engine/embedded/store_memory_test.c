// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_memory_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

void store_memory_open(struct store *store, struct store_identity *ret_identity)
{
    struct store_fault fault;
    struct store_identity identity;
    assert_int_equal(store_open(store, ":memory:", STORE_WRITES), ERR_OK);
    assert_int_equal(store_schema_prepare(store, &fault, &identity), ERR_OK);
    if (ret_identity != NULL) {
        *ret_identity = identity;
    }
}

void store_memory_begin(struct store *store, struct store_identity *ret_identity)
{
    store_memory_open(store, ret_identity);
    assert_int_equal(store_begin_write(store), ERR_OK);
}

void store_memory_drop(struct store *store)
{
    store_rollback(store);
    store_close(store);
}
