// SPDX-License-Identifier: Apache-2.0
/* What a hook answers is one of what may be answered, with all that belongs to it: an act as
 * act_read() would take it, or a reason why it means nothing. Before publishing: a verdict by a name
 * that fits, or none. */
#include "api/hook.h"
#include "app/hook_answer.h"
#include "fuzz.h"
#include "wire/utf8.h"

#include <string.h>

static void check_act(const struct hook_answer *answer)
{
    const bool is_of_comment = answer->what == ACT_DELETE || answer->what == ACT_HOLD;
    must(answer->at == (is_of_comment ? ACT_AT_SEQS : ACT_AT_USERS));
    must(is_of_comment || answer->what == ACT_PURGE || answer->what == ACT_BAN ||
         answer->what == ACT_TIMEOUT || answer->what == ACT_SHADOW);
    must(answer->what == ACT_TIMEOUT ? answer->seconds >= 1 && answer->seconds <= ACT_TIMEOUT_S_MAX
                                     : answer->seconds == -1);
    must(memchr(answer->reason, '\0', sizeof(answer->reason)) != NULL);
    must(utf8_is_valid(str_of(answer->reason)));
}

static void check_verdict(struct str body)
{
    struct hook_verdict verdict;
    if (hook_read(body, &verdict) == ERR_OK) {
        must(verdict.outcome <= OUTCOME_REFUSE && !verdict.is_down);
        must(memchr(verdict.rule, '\0', sizeof(verdict.rule)) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct hook_answer answer;
    const struct str body = fuzz_str(bytes, len);
    must(hook_answer_read(body, &answer) == ERR_OK);
    must((answer.why != NULL) == (answer.kind == HOOK_ANSWER_GARBAGE));
    if (answer.kind == HOOK_ANSWER_ACT) {
        check_act(&answer);
    }
    check_verdict(body);
    return 0;
}
