// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/act_setting.h"

#include "engine/embedded/settings.h"
#include "engine/embedded/stamp.h"
#include "rules/house_json.h"
#include "wire/json.h"

#include <stddef.h>

static enum err tell(struct act_case *act, struct act_telling *telling, struct head *head,
                     struct str user)
{
    (void)telling;
    (void)user; // everybody is told
    if (head->row.id == 0) {
        return ERR_OK; // streams are made explicitly, and this one is not
    }
    struct ordering *ordering = act->ordering;
    struct house_json_fault fault;
    struct house_rules rules;
    struct buf *body = &ordering->body;
    buf_reset(body);
    json_write_member_i64(body, "at", stamp_at(&head->end, act->now.wall_ms));
    const enum err err = house_json_read(head->row.rules, &rules, &fault);
    TRY(err == ERR_PROTO || err == ERR_LIMIT ? ERR_OK : err);
    if (err != ERR_OK) {
        house_rules_init(&rules);
    }
    settings_write_public(body, &rules, &ordering->all_rules);
    house_rules_done(&rules);
    return act_case_add_event(act, head, EVENT_SETTINGS);
}

static enum err keep(struct act_case *act, const struct house_rules *rules)
{
    struct buf text;
    buf_init(&text, MEM_ENGINE, HOUSE_JSON_BYTES_MAX);
    house_json_write(&text, rules);
    enum err err = buf_err(&text);
    if (err == ERR_OK) {
        heads_touch(&act->ordering->heads, act->head);
        err = heads_set_rules(act->head, buf_str(&text));
    }
    buf_done(&text);
    TRY(err);
    return store_streams_set(act->ordering->store, &act->head->row);
}

enum err act_setting_tell(struct act_case *act)
{
    static const struct str everybody[] = {STR("")};
    struct act_telling telling = {.tell = tell, .users = everybody, .count = 1, .is_logged = true};
    return act_case_tell(act, &telling);
}

enum err act_setting_follow(struct act_case *act)
{
    struct ordering *ordering = act->ordering;
    struct house_rules rules;
    const struct settings_of of = {.store = ordering->store,
                                   .hash_key = ordering->identity.hash_key,
                                   .stream = act_case_stream_name(act),
                                   .wall_ms = act->now.wall_ms};
    TRY(settings_read(&of, &rules));
    if (act->head == NULL) {
        ordering_set_all_rules(ordering, &rules);
        return act_setting_tell(act);
    }
    const enum err err = keep(act, &rules);
    house_rules_done(&rules);
    TRY(err);
    return act_setting_tell(act);
}

/* Its value is judged as if it stood alone. */
static enum err check(struct act_case *act)
{
    struct house_rules rules;
    struct house_json_fault fault;
    house_rules_init(&rules);
    const enum err err = house_json_apply(&rules, &act->call->act, &fault);
    house_rules_done(&rules);
    if (err == ERR_PROTO || err == ERR_LIMIT) {
        act_case_refuse_value(act, fault.text);
        return ERR_OK;
    }
    return err;
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
    TRY(check(act));
    if (!act_case_is_open(act)) {
        return ERR_OK;
    }
    TRY(act_case_record(act));
    return act_setting_follow(act);
}
