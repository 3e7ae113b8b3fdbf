// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_audit.h"

#include "base/mutant.h"
#include "engine/embedded/store_audit.h"
#include "rules/audit.h"
#include "wire/act.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Of what stands in an entry as it was asked. */
enum { VALUE_BYTES_MAX = 1024, TARGET_BYTES_MAX = 64 << 10 };

struct str act_audit_kind(enum actor_kind kind)
{
    switch (kind) {
    case ACTOR_RULE:
        return STR("rule");
    case ACTOR_HOOK:
        return STR("hook");
    case ACTOR_SYSTEM:
        return STR("system");
    case ACTOR_USER:
        break;
    }
    return STR("user");
}

/* Where the chain ends. A newest entry that is damaged breaks the chain visibly, and no act. */
static enum err find_end(struct store *store, int64_t chain, uint64_t *ret_n,
                         struct audit_hash *ret_hash)
{
    struct store_audit newest = {.n = 0};
    const enum err err = store_audit_newest(store, chain, &newest);
    *ret_hash = audit_hash_first();
    if (err == ERR_OK && !mutant(AUDIT_UNCHAINED)) {
        (void)!audit_hash_in(newest.entry, ret_hash);
    }
    *ret_n = newest.n;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum { HASHED_MAX = 80 };

static enum err shorten(struct str whole, size_t bytes_max, char text[HASHED_MAX],
                        struct str *ret_text)
{
    struct audit_hash hash;
    if (whole.len <= bytes_max) {
        *ret_text = whole;
        return ERR_OK;
    }
    TRY(audit_hash_of(whole, &hash));
    snprintf(text, HASHED_MAX, "sha256:%s", hash.text);
    *ret_text = str_of(text);
    return ERR_OK;
}

enum err act_audit_add(struct store *store, const struct act_audit *audit, int64_t wall_ms,
                       uint64_t *ret_n)
{
    char id[ACT_ID_TEXT_MAX];
    char value[HASHED_MAX], target[HASHED_MAX];
    struct audit_hash prev;
    struct audit_hash hash;
    uint64_t n = 0;
    act_id_write(audit->act, id);
    TRY(find_end(store, audit->chain, &n, &prev));
    struct audit_entry entry = {
        .n = n + 1,
        .at_ms = wall_ms,
        .stream = audit->stream,
        .act = str_of(id),
        .what = str_of(act_name(audit->what)),
        .kind = act_audit_kind(audit->by->kind),
        .by = audit->by->id,
        .policy = audit->by->kind == ACTOR_RULE ? audit->by->id : STR_NONE,
        .reason = audit->reason,
        .seconds = audit->seconds,
        .seq = audit->seq,
    };
    TRY(shorten(audit->value, VALUE_BYTES_MAX, value, &entry.value));
    TRY(shorten(audit->target, TARGET_BYTES_MAX, target, &entry.target));
    struct buf line;
    buf_init(&line, MEM_ENGINE, AUDIT_ENTRY_BYTES_MAX);
    enum err err = audit_write(&line, &entry, &prev, &hash);
    if (err == ERR_OK && !mutant(ACT_UNAUDITED)) {
        const struct store_audit row = {.n = entry.n, .entry = buf_str(&line)};
        err = store_audit_add(store, audit->chain, audit->act, &row);
    }
    buf_done(&line);
    TRY(err);
    *ret_n = entry.n;
    return ERR_OK;
}
