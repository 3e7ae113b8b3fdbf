// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/settings.h"

#include "engine/embedded/store_acts.h"
#include "wire/json.h"

#include <stddef.h>

enum { KEYS_MAX = 1 << 20 };

static const char *const mode_names[] = {"links_off",  "emote_only", "roles_only", "unique",
                                         "hold_first", "hold_all",   "mods_first"};
enum { MODES = sizeof(mode_names) / sizeof(mode_names[0]) };

/* ---- what viewers are told ---- */

struct told {
    int64_t slow;
    unsigned modes; // bits, as in mode_names
    bool shield;
};

static unsigned mode_of(struct str name)
{
    for (unsigned i = 0; i < MODES; i++) {
        if (str_eq(name, str_of(mode_names[i]))) {
            return 1U << i;
        }
    }
    return 0;
}

static void add_told(struct str rules, struct told *told)
{
    struct json *json = NULL;
    struct json_fault why;
    struct str name;
    int64_t slow = 0;
    bool shield = false;
    if (rules.len == 0 || json_parse_with(rules, KEYS_MAX, &json, &why) != ERR_OK) {
        return;
    }
    if (json_get_i64(json_member(json, "slow"), &slow) && slow > told->slow) {
        told->slow = slow;
    }
    if (json_get_bool(json_member(json, "shield"), &shield)) {
        told->shield = told->shield || shield;
    }
    const struct json *modes = json_member(json, "modes");
    for (size_t i = 0; i < json_length(modes); i++) {
        if (json_get_str(json_at(modes, i), &name)) {
            told->modes |= mode_of(name);
        }
    }
    json_free(json);
}

void settings_write_public(struct buf *out, struct str stream_rules, struct str all_rules)
{
    struct told told = {.slow = 0};
    add_told(stream_rules, &told);
    add_told(all_rules, &told);
    json_write_member_i64(out, "slow", told.slow);
    json_write_name(out, "modes");
    buf_add_byte(out, '[');
    for (unsigned i = 0; i < MODES; i++) {
        if ((told.modes & 1U << i) != 0) {
            buf_add_str(out, out->bytes[out->len - 1] == '[' ? STR_NONE : STR(","));
            json_write_str(out, str_of(mode_names[i]));
        }
    }
    buf_add_byte(out, ']');
    json_write_member_bool(out, "shield", told.shield);
}

/* ---- what is in force ---- */

static enum err newest(const struct settings_of *of, enum act_do what, struct store_act *ret_act)
{
    const uint64_t key = store_acts_key(of->hash_key, of->stream, what, STR_NONE);
    return store_acts_in_force(of->store, key, of->wall_ms, ret_act);
}

static enum err write_value(const struct settings_of *of, enum act_do what, const char *name,
                            struct buf *out)
{
    struct store_act act;
    const enum err err = newest(of, what, &act);
    if (err == ERR_NOT_FOUND) {
        return ERR_OK;
    }
    TRY(err);
    if (what == ACT_SLOW) {
        json_write_member_i64(out, name, act.seconds);
        return ERR_OK;
    }
    json_write_name(out, name);
    buf_add_str(out, act.value);
    if (what == ACT_MODE && act.seconds >= 0) {
        json_write_member_i64(out, "seconds", act.seconds);
    }
    return ERR_OK;
}

enum err settings_write(const struct settings_of *of, struct buf *out)
{
    buf_reset(out);
    buf_add_byte(out, '{');
    TRY(write_value(of, ACT_SLOW, "slow", out));
    TRY(write_value(of, ACT_MODE, "modes", out));
    TRY(write_value(of, ACT_SHIELD, "shield", out));
    TRY(write_value(of, ACT_TERMS, "terms", out));
    TRY(write_value(of, ACT_RULES, "rules", out));
    buf_add_byte(out, '}');
    return buf_err(out);
}
