// SPDX-License-Identifier: Apache-2.0
#include "api/newcomers.h"

#include "base/mem.h"
#include "rules/limits.h"

#include <pthread.h>

enum { SWEPT_A_TIME = 4 }; // more than one comes: the table shrinks as it is asked

struct newcomers {
    pthread_mutex_t lock; // NEWCOMERS
    /* -- under NEWCOMERS -- */
    struct limits *limits; // owned
};

enum err newcomers_new(uint64_t seed, struct newcomers **ret_newcomers)
{
    struct newcomers *newcomers = mem_new(MEM_OTHER, sizeof(*newcomers));
    if (newcomers == NULL) {
        return ERR_NOMEM;
    }
    if (limits_new((struct limit){0}, seed, &newcomers->limits) != ERR_OK ||
        pthread_mutex_init(&newcomers->lock, NULL) != 0) {
        limits_free(newcomers->limits);
        mem_free(MEM_OTHER, newcomers);
        return ERR_NOMEM;
    }
    *ret_newcomers = newcomers;
    return ERR_OK;
}

void newcomers_free(struct newcomers *newcomers)
{
    if (newcomers == NULL) {
        return;
    }
    limits_free(newcomers->limits);
    pthread_mutex_destroy(&newcomers->lock);
    mem_free(MEM_OTHER, newcomers);
}

static enum err take(struct limits *limits, struct str address, int64_t mono_ms,
                     uint32_t *ret_retry_ms)
{
    const struct limit_answer answer = limits_ask(limits, address, 1, mono_ms);
    if (!answer.allowed) {
        *ret_retry_ms = answer.retry_after_ms;
        return ERR_LIMIT;
    }
    if (limits_keys(limits) >= NEWCOMERS_ADDRESSES_MAX) {
        return ERR_NOMEM;
    }
    return limits_take(limits, address, mono_ms);
}

enum err newcomers_take(struct newcomers *newcomers, struct limit limit, struct str address,
                        int64_t mono_ms, uint32_t *ret_retry_ms)
{
    if (limit.count == 0) {
        return ERR_OK;
    }
    pthread_mutex_lock(&newcomers->lock);
    limits_set(newcomers->limits, limit); // a reload may have changed it
    limits_sweep(newcomers->limits, mono_ms, SWEPT_A_TIME);
    const enum err err = take(newcomers->limits, address, mono_ms, ret_retry_ms);
    pthread_mutex_unlock(&newcomers->lock);
    return err;
}
