// SPDX-License-Identifier: Apache-2.0
#include "rules/echoes.h"

#include "base/mem.h"

#include <string.h>

enum { FIRST_CAP = 32 };

void echoes_init(struct echoes *echoes)
{
    *echoes = (struct echoes){0};
}

void echoes_done(struct echoes *echoes)
{
    mem_free(MEM_ENGINE, echoes->likeness);
    mem_free(MEM_ENGINE, echoes->user);
    mem_free(MEM_ENGINE, echoes->at_ms);
    *echoes = (struct echoes){0};
}

/* The place of the entry that came `back` before the newest. */
static uint32_t place(const struct echoes *echoes, uint32_t back)
{
    return (echoes->next - 1 - back) & (echoes->cap - 1);
}

struct echo echoes_find(const struct echoes *echoes, uint64_t likeness, uint64_t user)
{
    struct echo echo = ECHO_NONE;
    if (likeness == 0) {
        return echo;
    }
    for (uint32_t back = 0; back < echoes->count; back++) {
        const uint32_t at = place(echoes, back);
        if (echoes->likeness[at] != likeness) {
            continue;
        }
        if (echo.by_stream_ms == INT64_MIN) {
            echo.by_stream_ms = echoes->at_ms[at];
        }
        if (echoes->user[at] == user) {
            echo.by_user_ms = echoes->at_ms[at];
            break;
        }
    }
    return echo;
}

/* Only ever while it is full from the first place on, so nothing has to move. */
static enum err grow(struct echoes *echoes)
{
    const uint32_t cap = echoes->cap == 0 ? FIRST_CAP : 2 * echoes->cap;
    uint64_t *likeness = mem_resize(MEM_ENGINE, echoes->likeness, cap * sizeof(*likeness));
    if (likeness == NULL) {
        return ERR_NOMEM;
    }
    echoes->likeness = likeness;
    uint64_t *user = mem_resize(MEM_ENGINE, echoes->user, cap * sizeof(*user));
    if (user == NULL) {
        return ERR_NOMEM;
    }
    echoes->user = user;
    int64_t *at_ms = mem_resize(MEM_ENGINE, echoes->at_ms, cap * sizeof(*at_ms));
    if (at_ms == NULL) {
        return ERR_NOMEM;
    }
    echoes->at_ms = at_ms;
    echoes->next = echoes->cap;
    echoes->cap = cap;
    return ERR_OK;
}

enum err echoes_add(struct echoes *echoes, uint64_t likeness, uint64_t user, int64_t mono_ms)
{
    if (likeness == 0) {
        return ERR_OK;
    }
    if (echoes->count == echoes->cap && echoes->cap < ECHOES_MAX) {
        TRY(grow(echoes));
    }
    echoes->likeness[echoes->next] = likeness;
    echoes->user[echoes->next] = user;
    echoes->at_ms[echoes->next] = mono_ms;
    echoes->next = (echoes->next + 1) & (echoes->cap - 1);
    echoes->count += echoes->count < echoes->cap;
    return ERR_OK;
}
