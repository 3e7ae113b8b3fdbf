// SPDX-License-Identifier: Apache-2.0
/* Whatever a line holds, it is judged without harm; the chain never goes back, stays where it was
 * behind what is no link of it, and a line that is sound says the hash that is found in it. */
#include "fuzz.h"
#include "rules/audit.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit_chain chain = {.n = 0};
    struct str rest = {.at = (const char *)data, .len = size};
    while (rest.len > 0) {
        enum audit_fault fault = AUDIT_SOUND;
        struct audit_hash hash;
        const uint64_t before = chain.n;
        const struct str line = str_cut(rest, '\n', &rest);
        if (audit_chain_next(&chain, line, &fault) != ERR_OK) {
            continue;
        }
        const bool is_no_link =
            fault == AUDIT_NO_ENTRY || fault == AUDIT_REORDERED || fault == AUDIT_OTHER;
        must(chain.n >= before);
        must(fault != AUDIT_SOUND || chain.n > before);
        must(!is_no_link || chain.n == before);
        must(audit_fault_text(fault)[0] != '\0');
        if (fault == AUDIT_SOUND) {
            must(audit_hash_in(line, &hash) == ERR_OK);
            must(memcmp(hash.text, chain.hash.text, AUDIT_HASH_LEN) == 0);
        }
    }
    return 0;
}
