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

struct notice *notice_ref(struct notice *notice)
{
    atomic_fetch_add_explicit(&notice->refs, 1, memory_order_relaxed);
    return notice;
}

void notice_unref(struct notice *notice)
{
    /* acq_rel: whoever frees it comes after all who read it. */
    if (notice != NULL && atomic_fetch_sub_explicit(&notice->refs, 1, memory_order_acq_rel) == 1) {
        mem_free(MEM_EVENT, notice);
    }
}
