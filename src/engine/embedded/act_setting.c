// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_setting.h"

#include "engine/embedded/settings.h"
#include "engine/embedded/stamp.h"
#include "wire/json.h"

#include <stddef.h>

/* An act on all streams is told at once where somebody watches: to so many; who opens the others
 * is told by the answer to its watch. */
enum { TOLD_MAX = 4096 };

static enum err tell(struct act_case *act, struct head *head)
{
    struct ordering *ordering = act->ordering;
    struct buf *body = &ordering->body;
    buf_reset(body);
    json_write_member_i64(body, "at", stamp_at(&head->end, act->now.wall_ms));
    settings_write_public(body, head->row.rules, buf_str(&ordering->all_rules));
    return act_case_add_event(act, head, EVENT_SETTINGS);
}

static enum err tell_all(struct act_case *act)
{
    struct map_walk walk = {.slot = 0};
    struct map_node *node = NULL;
    uint32_t told = 0;
    while (told < TOLD_MAX && (node = map_next(&act->ordering->heads.by_name, &walk)) != NULL) {
        struct head *head = map_entry(node, struct head, node);
        if (!list_is_empty(&head->subs) && head->row.id != 0 && !head->is_stale) {
            TRY(tell(act, head));
            told++;
        }
    }
    return ERR_OK;
}

enum err act_setting_follow(struct act_case *act)
{
    struct ordering *ordering = act->ordering;
    const struct settings_of of = {.store = ordering->store,
                                   .hash_key = ordering->identity.hash_key,
                                   .stream = act_case_stream_name(act),
                                   .wall_ms = act->now.wall_ms};
    if (act->head == NULL) {
        TRY(settings_write(&of, &ordering->all_rules));
        return tell_all(act);
    }
    struct buf rules;
    buf_init(&rules, MEM_ENGINE, SETTINGS_BYTES_MAX);
    enum err err = settings_write(&of, &rules);
    if (err == ERR_OK) {
        heads_touch(&ordering->heads, act->head);
        err = heads_set_rules(act->head, buf_str(&rules));
    }
    buf_done(&rules);
    TRY(err);
    TRY(store_streams_set(ordering->store, &act->head->row));
    return tell(act, act->head);
}

enum err act_setting_put(struct act_case *act)
{
    struct store_act before;
    const struct act *asked = &act->call->act;
    const enum err err = act_case_in_force(act, asked->what, &before);
    if (err == ERR_OK && before.seconds == asked->seconds && str_eq(before.value, asked->value)) {
        act_case_repeat(act, &before);
        return ERR_OK;
    }
    TRY(err == ERR_NOT_FOUND ? ERR_OK : err);
    TRY(act_case_record(act));
    return act_setting_follow(act);
}
