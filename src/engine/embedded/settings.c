// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/settings.h"

#include "base/log.h"
#include "engine/embedded/store_acts.h"
#include "rules/house_json.h"

#include <stddef.h>

static enum err apply(const struct settings_of *of, enum act_do what, struct house_rules *rules)
{
    struct store_act row;
    struct house_json_fault fault;
    const uint64_t key = store_acts_key(of->hash_key, of->stream, what, STR_NONE);
    enum err err = store_acts_in_force(of->store, key, of->wall_ms, &row);
    if (err == ERR_NOT_FOUND) {
        return ERR_OK;
    }
    TRY(err);
    const struct act act = {.what = what, .value = row.value, .seconds = row.seconds};
    err = house_json_apply(rules, &act, &fault);
    if (err == ERR_PROTO || err == ERR_LIMIT) { // another version took it
        log_line(LOG_ERROR, "a rule of a stream cannot be read and is not in force",
                 LOG_STR("stream", of->stream), LOG_STR("why", str_of(fault.text)));
        return ERR_OK;
    }
    return err;
}

enum err settings_read(const struct settings_of *of, struct house_rules *ret_rules)
{
    static const enum act_do kinds[] = {ACT_RULES, ACT_SLOW, ACT_MODE, ACT_SHIELD, ACT_TERMS};
    struct house_rules rules;
    house_rules_init(&rules);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const enum err err = apply(of, kinds[i], &rules);
        if (err != ERR_OK) {
            house_rules_done(&rules);
            return err;
        }
    }
    *ret_rules = rules;
    return ERR_OK;
}

void settings_write_public(struct buf *out, const struct house_rules *stream,
                           const struct house_rules *all)
{
    struct house_rules both;
    house_rules_init(&both);
    both.slow_s = stream->slow_s > all->slow_s ? stream->slow_s : all->slow_s;
    both.modes = stream->modes | all->modes;
    both.shield = stream->shield || all->shield;
    house_json_write_settings(out, &both);
    house_rules_done(&both);
}
