// SPDX-License-Identifier: Apache-2.0
/* House rules that are read are written and read again as they were; what they say of a comment is
 * sound; what cannot be read is named. */
#include "fuzz.h"
#include "rules/house_json.h"

#include <string.h>

static void check_judgement(const struct house_rules *rules)
{
    const struct traits traits = {.bits = TRAIT_LINK, .caps_percent = 80, .folded = STR("buy now")};
    const struct house_facts facts = {
        .role_bits = 1, .now_s = 1763700000, .now_ms = 1000, .last_post_ms = 0, .echo = ECHO_NONE};
    const struct judgement judgement = house_rules_judge(rules, &traits, &facts);
    must((judgement.outcome == OUTCOME_REFUSE) == (judgement.refusal != REFUSAL_NONE));
    must((judgement.outcome == OUTCOME_ALLOW) == (judgement.rule.len == 0));
    must((judgement.broken & judgement.dry_hits) == 0);
    must((judgement.marks & ~judgement.broken) == 0);
    must(judgement.approve_after_s == 0 || judgement.outcome == OUTCOME_HOLD);
    must((judgement.retry_after_ms > 0) == (judgement.refusal == REFUSAL_SLOW_MODE));
}

static void write_and_read(const struct house_rules *rules)
{
    struct buf out = fuzz_buf();
    struct buf again = fuzz_buf();
    struct house_rules same;
    struct house_json_fault fault;
    house_json_write(&out, rules);
    must(house_json_read(buf_str(&out), &same, &fault) == ERR_OK);
    house_json_write(&again, &same);
    must(str_eq(buf_str(&out), buf_str(&again)));
    house_rules_done(&same);
    buf_done(&again);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct house_rules rules;
    struct house_json_fault fault = {""};
    if (house_json_read(fuzz_str(bytes, len), &rules, &fault) == ERR_OK) {
        check_judgement(&rules);
        write_and_read(&rules);
        house_rules_done(&rules);
    } else {
        must(fault.text[0] != '\0' && memchr(fault.text, '\0', sizeof(fault.text)) != NULL);
    }
    return 0;
}
