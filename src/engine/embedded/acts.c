// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/acts.h"

#include <stddef.h>
#include <stdio.h>

static void refuse(struct act_verdict *verdict, enum act_refusal refusal)
{
    verdict->end = ACT_REFUSED;
    verdict->refusal = refusal;
}

/* NULL: on all streams. */
static enum err find_stream(struct ordering *ordering, const struct act_call *call,
                            struct head **ret_head, struct act_verdict *verdict)
{
    if (call->stream.len == 0) {
        return ERR_OK;
    }
    const enum err err = ordering_find(ordering, call->stream, ret_head);
    if (err == ERR_GONE) {
        refuse(verdict, ACT_REFUSAL_STORE_DOWN);
        return ERR_OK;
    }
    TRY(err);
    if ((*ret_head)->row.id == 0 && ordering->rules.streams_explicit) {
        refuse(verdict, ACT_REFUSAL_NO_STREAM);
    }
    return ERR_OK;
}

enum err acts_judge(struct ordering *ordering, const struct act_call *call, struct moment now,
                    struct act_verdict *ret_verdict)
{
    struct act_verdict verdict = {.end = ACT_DONE};
    struct head *head = NULL;
    (void)now;
    TRY(find_stream(ordering, call, &head, &verdict));
    if (verdict.end == ACT_DONE) {
        refuse(&verdict, ACT_REFUSAL_BAD_VALUE);
        snprintf(verdict.detail, sizeof(verdict.detail), "this engine does not do act %d",
                 (int)call->act.what);
    }
    *ret_verdict = verdict;
    return ERR_OK;
}
