// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "hub/port.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

struct notice *notice_new(struct str json)
{
    struct notice *notice = mem_new(MEM_EVENT, sizeof(*notice) + json.len);
    if (notice != NULL) {
        atomic_init(&notice->refs, 1);
        notice->json_len = (uint32_t)json.len;
        memcpy(notice->json, json.at, json.len);
    }
    return notice;
}

enum err notice_hide_from(struct notice *notice, const uint64_t *users, uint32_t count)
{
    if (count == 0) {
        return ERR_OK;
    }
    notice->hidden_from = mem_new(MEM_EVENT, count * sizeof(*users));
    if (notice->hidden_from == NULL) {
        return ERR_NOMEM;
    }
    memcpy(notice->hidden_from, users, count * sizeof(*users));
    notice->hidden_count = count;
    return ERR_OK;
}

bool notice_is_hidden_from(const struct notice *notice, uint64_t user)
{
    for (uint32_t i = 0; i < notice->hidden_count; i++) {
        if (notice->hidden_from[i] == user) {
            return true;
        }
    }
    return false;
}

struct notice *notice_ref(struct notice *notice)
{
    atomic_fetch_add_explicit(&notice->refs, 1, memory_order_relaxed);
    return notice;
}

void notice_unref(struct notice *notice)
{
    /* acq_rel: whoever frees it comes after all who read it. */
    if (notice != NULL && atomic_fetch_sub_explicit(&notice->refs, 1, memory_order_acq_rel) == 1) {
        mem_free(MEM_EVENT, notice->hidden_from);
        mem_free(MEM_EVENT, notice);
    }
}
