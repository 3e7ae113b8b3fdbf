// SPDX-License-Identifier: Apache-2.0
#include "scarce.h"

#include "base/mem.h"
#include "base/must.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { SWEEP_MAX = 1000000 };

static _Atomic uint64_t countdown; // of the libraries; 0: off
static enum scarce_kind present;

static bool this_one_fails(void)
{
    uint64_t left = atomic_load(&countdown);
    while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
    }
    return left == 1;
}

static void *take(size_t size)
{
    return this_one_fails() ? NULL : malloc(size);
}

static void *resize(void *old, size_t size)
{
    return this_one_fails() ? NULL : realloc(old, size);
}

/* ---- SQLite ---- */

static void *sqlite_take(int size)
{
    return take((size_t)size);
}

static void *sqlite_resize(void *old, int size)
{
    return resize(old, (size_t)size);
}

static int sqlite_size(void *memory)
{
    return (int)malloc_usable_size(memory);
}

static int sqlite_round_up(int size)
{
    return (size + 7) & ~7;
}

static int sqlite_begin(void *user)
{
    (void)user;
    return SQLITE_OK;
}

static void sqlite_over(void *user)
{
    (void)user;
}

/* ---- OpenSSL ---- */

static void *openssl_take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return size == 0 ? NULL : take(size);
}

static void openssl_give(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    free(memory);
}

static void *openssl_resize(void *old, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return resize(old, size);
}

void scarce_install(void)
{
    static const sqlite3_mem_methods methods = {.xMalloc = sqlite_take,
                                                .xFree = free,
                                                .xRealloc = sqlite_resize,
                                                .xSize = sqlite_size,
                                                .xRoundup = sqlite_round_up,
                                                .xInit = sqlite_begin,
                                                .xShutdown = sqlite_over};

    must(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    must(CRYPTO_set_mem_functions(openssl_take, openssl_resize, openssl_give) == 1);
}

void scarce_begin(enum scarce_kind kind, uint64_t n)
{
    present = kind;
    if (kind == SCARCE_OURS) {
        mem_fail_after(n);
    } else {
        atomic_store(&countdown, n);
    }
}

bool scarce_end(void)
{
    const bool is_due = present == SCARCE_OURS ? mem_fail_is_due() : atomic_load(&countdown) > 0;
    mem_fail_after(0);
    atomic_store(&countdown, 0);
    return !is_due;
}

uint64_t scarce_sweep(enum scarce_kind kind, uint64_t stride,
                      bool (*scenario)(enum scarce_kind kind, uint64_t n))
{
    uint64_t failed = 0;
    for (uint64_t n = 1; scenario(kind, n); n += stride) {
        must(n < SWEEP_MAX);
        failed++;
    }
    printf("# %llu allocations failed in turn\n", (unsigned long long)failed);
    return failed;
}
