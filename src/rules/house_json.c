// SPDX-License-Identifier: Apache-2.0
#include "rules/house_json.h"

#include "rules/claims.h"
#include "rules/term_list.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum { KEYS_BESIDE_TERMS = 256, KEYS_A_TERM = 4, DEPTH_MAX = 6 };

static const struct json_limits limits = {
    .depth = DEPTH_MAX, .keys = KEYS_BESIDE_TERMS + (size_t)KEYS_A_TERM * TERMS_MAX};

static enum err __attribute__((format(printf, 2, 3)))
wrong(struct house_json_fault *fault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() stands above
    (void)vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    return ERR_PROTO;
}

static bool is_given(const struct json *value)
{
    return value != NULL && json_kind(value) != JSON_KIND_NULL;
}

/* ---- a number, a flag, words ---- */

struct number { // a member of a rule
    const char *rule, *name;
    uint32_t least, most;
};

static enum err read_number(const struct json *object, const struct number *number,
                            uint32_t *ret_value, struct house_json_fault *fault)
{
    const struct json *value = json_member(object, number->name);
    int64_t given = 0;
    if (!is_given(value)) {
        return ERR_OK;
    }
    if (!json_get_i64(value, &given) || given < number->least || given > number->most) {
        return wrong(fault, "%s%s should be %u to %u", number->rule, number->name, number->least,
                     number->most);
    }
    *ret_value = (uint32_t)given;
    return ERR_OK;
}

static const char *const actions[] = {[HOUSE_MARK] = "mark",
                                      [HOUSE_HOLD] = "hold",
                                      [HOUSE_SHADOW] = "shadow",
                                      [HOUSE_REFUSE] = "refuse"};

static enum err read_action(const struct json *object, const char *rule, uint8_t *ret_action,
                            struct house_json_fault *fault)
{
    const struct json *value = json_member(object, "action");
    struct str word = STR_NONE;
    if (!is_given(value)) {
        return ERR_OK;
    }
    (void)json_get_str(value, &word);
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (str_eq(word, str_of(actions[i]))) {
            *ret_action = (uint8_t)i;
            return ERR_OK;
        }
    }
    return wrong(fault, "rules.%s.action should be refuse, hold, shadow or mark", rule);
}

static const struct {
    const char *name;
    enum role role;
} roles[] = {
    {"viewer", ROLE_VIEWER}, {"member", ROLE_MEMBER}, {"verified", ROLE_VERIFIED},
    {"vip", ROLE_VIP},       {"bot", ROLE_BOT},
};

enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

static bool find_role(const struct json *value, uint32_t *bits)
{
    struct str word = STR_NONE;
    (void)json_get_str(value, &word);
    for (size_t i = 0; i < ROLES; i++) {
        if (str_eq(word, str_of(roles[i].name))) {
            *bits |= (uint32_t)roles[i].role;
            return true;
        }
    }
    return false;
}

static enum err read_roles(const struct json *object, uint32_t *ret_bits,
                           struct house_json_fault *fault)
{
    const struct json *list = json_member(object, "roles");
    uint32_t bits = 0;
    if (!is_given(list)) {
        return ERR_OK;
    }
    bool is_good = json_kind(list) == JSON_KIND_ARRAY;
    for (size_t i = 0; i < json_length(list); i++) {
        is_good = is_good && find_role(json_at(list, i), &bits);
    }
    if (!is_good) {
        return wrong(fault, "rules.roles_only.roles should be a list of viewer, member, verified, "
                            "vip and bot");
    }
    *ret_bits = bits;
    return ERR_OK;
}

/* ---- rules ---- */

static const struct form { // what of a rule can be said
    bool has_action, has_dry_run;
    struct number number; // no name: none
} forms[HOUSE_RULES] = {
    [HOUSE_RULE_TERMS] = {.has_dry_run = true},
    [HOUSE_RULE_LINKS] = {.has_action = true, .has_dry_run = true},
    [HOUSE_RULE_EMOTE_ONLY] = {.has_action = true, .has_dry_run = true},
    [HOUSE_RULE_ROLES_ONLY] = {.has_action = true, .has_dry_run = true},
    [HOUSE_RULE_UNIQUE] = {.has_action = true, .has_dry_run = true},
    [HOUSE_RULE_CAPS] = {true, true, {"rules.caps.", "percent", 1, 100}},
    [HOUSE_RULE_MARKS] = {true, true, {"rules.marks.", "max", 0, 100}},
    [HOUSE_RULE_ACCOUNT_AGE] = {true,
                                true,
                                {"rules.account_age.", "seconds", 1, HOUSE_ACCOUNT_AGE_S_MAX}},
    [HOUSE_RULE_HOOK_DOWN] = {.has_action = true, .has_dry_run = true},
    [HOUSE_RULE_HOLD_FIRST] = {.has_action = true, .has_dry_run = true},
    [HOUSE_RULE_HOLD_ALL] = {.has_dry_run = true},
    [HOUSE_RULE_MODS_FIRST] = {.has_dry_run = true},
};

static const struct number unique_user = {"rules.unique.", "user_s", 0, HOUSE_UNIQUE_S_MAX};
static const struct number unique_stream = {"rules.unique.", "stream_s", 0, HOUSE_UNIQUE_S_MAX};

/* The members that only some rules have. */
static enum err read_own(struct house_rules *rules, enum house_rule rule, const struct json *object,
                         struct house_json_fault *fault)
{
    struct house_setting *setting = &rules->settings[rule];
    const struct number *number = &forms[rule].number;
    if (rule == HOUSE_RULE_ROLES_ONLY) {
        return read_roles(object, &setting->value, fault);
    }
    if (rule == HOUSE_RULE_UNIQUE) {
        TRY(read_number(object, &unique_user, &rules->unique_user_s, fault));
        return read_number(object, &unique_stream, &rules->unique_stream_s, fault);
    }
    if (number->name == NULL) {
        setting->is_given = rule == HOUSE_RULE_HOOK_DOWN;
        return ERR_OK;
    }
    if (!is_given(json_member(object, number->name))) {
        return wrong(fault, "%s%s should be %u to %u", number->rule, number->name, number->least,
                     number->most);
    }
    setting->is_given = true;
    return read_number(object, number, &setting->value, fault);
}

static enum err read_rule(struct house_rules *rules, enum house_rule rule, const struct json *value,
                          struct house_json_fault *fault)
{
    const char *name = house_rules_name(rule);
    struct house_setting *setting = &rules->settings[rule];
    const struct json *dry_run = json_member(value, "dry_run");
    bool is_on = true;
    if (!is_given(value) || (json_get_bool(value, &is_on) && !is_on)) {
        return ERR_OK;
    }
    if (json_kind(value) != JSON_KIND_OBJECT) {
        return wrong(fault, "rules.%s should be an object, null or false", name);
    }
    if (is_given(dry_run) && !json_get_bool(dry_run, &setting->dry_run)) {
        return wrong(fault, "rules.%s.dry_run should be true or false", name);
    }
    if (!forms[rule].has_action && is_given(json_member(value, "action"))) {
        return wrong(fault, "rules.%s.action cannot be chosen", name);
    }
    TRY(read_action(value, name, &setting->action, fault));
    return read_own(rules, rule, value, fault);
}

/* Over what is there of other kinds. */
static enum err read_rules(struct house_rules *rules, const struct json *object,
                           struct house_json_fault *fault)
{
    struct house_rules fresh;
    house_rules_init(&fresh);
    if (json_kind(object) != JSON_KIND_OBJECT) {
        return wrong(fault, "rules should be an object");
    }
    for (enum house_rule rule = 0; rule < HOUSE_RULES; rule++) {
        const struct json *value = json_member(object, house_rules_name(rule));
        if (forms[rule].has_dry_run) {
            TRY(read_rule(&fresh, rule, value, fault));
        } else if (is_given(value)) {
            return wrong(fault, "rules.%s cannot be set here", house_rules_name(rule));
        }
    }
    memcpy(rules->settings, fresh.settings, sizeof(rules->settings));
    rules->unique_user_s = fresh.unique_user_s;
    rules->unique_stream_s = fresh.unique_stream_s;
    return ERR_OK;
}

/* ---- modes ---- */

static uint32_t find_mode(const struct json *value)
{
    struct str word = STR_NONE;
    (void)json_get_str(value, &word);
    for (uint32_t i = 0; i < HOUSE_MODES; i++) {
        if (str_eq(word, str_of(house_rules_mode_name((enum house_mode)(1U << i))))) {
            return 1U << i;
        }
    }
    return 0;
}

static enum err read_modes(const struct json *list, uint32_t *ret_modes,
                           struct house_json_fault *fault)
{
    uint32_t modes = 0;
    if (json_kind(list) != JSON_KIND_ARRAY) {
        return wrong(fault, "value should be a list of modes");
    }
    for (size_t i = 0; i < json_length(list); i++) {
        const uint32_t mode = find_mode(json_at(list, i));
        if (mode == 0) {
            return wrong(fault,
                         "value: mode %zu should be links_off, emote_only, roles_only, unique, "
                         "hold_first, hold_all or mods_first",
                         i + 1);
        }
        modes |= mode;
    }
    *ret_modes = modes;
    return ERR_OK;
}

/* ---- the whole ---- */

static enum err read_terms(struct house_rules *rules, const struct json *list,
                           struct house_json_fault *fault)
{
    struct term_list_fault why = {""};
    struct terms *terms = NULL;
    const enum err err = term_list_read_value(list, &terms, &why);
    if (err == ERR_OK) {
        house_rules_set_terms(rules, terms);
    } else if (err != ERR_NOMEM) {
        (void)wrong(fault, "terms: %s", why.text);
    }
    return err;
}

static enum err read_whole(const struct json *root, struct house_rules *rules,
                           struct house_json_fault *fault)
{
    static const struct number slow = {"", "slow", 0, HOUSE_SLOW_S_MAX};
    static const struct number first = {"", "seconds", 0, HOUSE_MODS_FIRST_S_MAX};
    const struct json *modes = json_member(root, "modes");
    const struct json *shield = json_member(root, "shield");
    const struct json *settings = json_member(root, "rules");
    const struct json *terms = json_member(root, "terms");
    if (json_kind(root) != JSON_KIND_OBJECT) {
        return wrong(fault, "house rules should be an object");
    }
    TRY(read_number(root, &slow, &rules->slow_s, fault));
    TRY(read_number(root, &first, &rules->mods_first_s, fault));
    if (rules->mods_first_s == 0) {
        rules->mods_first_s = HOUSE_MODS_FIRST_S;
    }
    if (is_given(shield) && !json_get_bool(shield, &rules->shield)) {
        return wrong(fault, "shield should be true or false");
    }
    if (is_given(modes)) {
        TRY(read_modes(modes, &rules->modes, fault));
    }
    if (is_given(settings)) {
        TRY(read_rules(rules, settings, fault));
    }
    return is_given(terms) ? read_terms(rules, terms, fault) : ERR_OK;
}

static enum err parse(struct str text, struct json **ret_root, struct house_json_fault *fault)
{
    struct json_fault bad;
    if (text.len > HOUSE_JSON_BYTES_MAX) {
        (void)wrong(fault, "more than %d bytes", HOUSE_JSON_BYTES_MAX);
        return ERR_LIMIT;
    }
    const enum err err = json_parse_within(text, &limits, ret_root, &bad);
    return err == ERR_PROTO ? wrong(fault, "%.*s", HOUSE_JSON_WHY_MAX - 1, bad.detail) : err;
}

enum err house_json_read(struct str text, struct house_rules *ret_rules,
                         struct house_json_fault *fault)
{
    struct house_rules rules;
    struct json *root = NULL;
    enum err err = ERR_OK;
    house_rules_init(&rules);
    if (text.len > 0) {
        err = parse(text, &root, fault);
    }
    if (err == ERR_OK && root != NULL) {
        err = read_whole(root, &rules, fault);
    }
    json_free(root);
    if (err != ERR_OK) {
        house_rules_done(&rules);
        return err;
    }
    *ret_rules = rules;
    return ERR_OK;
}

/* ---- acts ---- */

static enum err apply_value(struct house_rules *rules, const struct act *act,
                            const struct json *value, struct house_json_fault *fault)
{
    switch ((int)act->what) {
    case ACT_MODE:
        TRY(read_modes(value, &rules->modes, fault));
        rules->mods_first_s = act->seconds > 0 ? (uint32_t)act->seconds : HOUSE_MODS_FIRST_S;
        return ERR_OK;
    case ACT_SHIELD:
        return json_get_bool(value, &rules->shield) ? ERR_OK
                                                    : wrong(fault, "value should be true or false");
    case ACT_TERMS:
        return read_terms(rules, value, fault);
    default:
        return read_rules(rules, value, fault);
    }
}

enum err house_json_apply(struct house_rules *rules, const struct act *act,
                          struct house_json_fault *fault)
{
    struct json *value = NULL;
    if (act->what == ACT_SLOW) {
        if (act->seconds < 0 || act->seconds > HOUSE_SLOW_S_MAX) {
            return wrong(fault, "seconds should be 0 to %d", HOUSE_SLOW_S_MAX);
        }
        rules->slow_s = (uint32_t)act->seconds;
        return ERR_OK;
    }
    if (act->what == ACT_MODE && act->seconds > HOUSE_MODS_FIRST_S_MAX) {
        return wrong(fault, "seconds should be 1 to %d", HOUSE_MODS_FIRST_S_MAX);
    }
    if (act->what != ACT_MODE && act->what != ACT_SHIELD && act->what != ACT_TERMS &&
        act->what != ACT_RULES) {
        return wrong(fault, "this act sets no house rule");
    }
    TRY(parse(act->value, &value, fault));
    const enum err err = apply_value(rules, act, value, fault);
    json_free(value);
    return err;
}

/* ---- writing ---- */

static void write_modes(struct buf *out, uint32_t modes)
{
    json_write_name(out, "modes");
    buf_add_byte(out, '[');
    bool has_any = false;
    for (uint32_t i = 0; i < HOUSE_MODES; i++) {
        if ((modes & (1U << i)) != 0) {
            buf_add_str(out, has_any ? STR(",") : STR(""));
            json_write_str(out, str_of(house_rules_mode_name((enum house_mode)(1U << i))));
            has_any = true;
        }
    }
    buf_add_byte(out, ']');
}

static void write_roles(struct buf *out, uint32_t bits)
{
    json_write_name(out, "roles");
    buf_add_byte(out, '[');
    bool has_any = false;
    for (size_t i = 0; i < ROLES; i++) {
        if ((bits & (uint32_t)roles[i].role) != 0) {
            buf_add_str(out, has_any ? STR(",") : STR(""));
            json_write_str(out, str_of(roles[i].name));
            has_any = true;
        }
    }
    buf_add_byte(out, ']');
}

static void write_rule(struct buf *out, const struct house_rules *rules, enum house_rule rule)
{
    const struct house_setting *setting = &rules->settings[rule];
    json_write_name(out, house_rules_name(rule));
    buf_add_byte(out, '{');
    if (setting->is_given && forms[rule].number.name != NULL) {
        json_write_member_u64(out, forms[rule].number.name, setting->value);
    }
    if (rule == HOUSE_RULE_ROLES_ONLY) {
        write_roles(out, setting->value);
    }
    if (rule == HOUSE_RULE_UNIQUE) {
        json_write_member_u64(out, "user_s", rules->unique_user_s);
        json_write_member_u64(out, "stream_s", rules->unique_stream_s);
    }
    if (forms[rule].has_action) {
        json_write_member_str(out, "action", str_of(actions[setting->action]));
    }
    json_write_member_bool(out, "dry_run", setting->dry_run);
    buf_add_byte(out, '}');
}

/* Rules without a mode are there only when they were set. */
static bool is_written(const struct house_rules *rules, enum house_rule rule)
{
    const bool is_mode = forms[rule].number.name == NULL && rule != HOUSE_RULE_HOOK_DOWN;
    return forms[rule].has_dry_run && (is_mode || rules->settings[rule].is_given);
}

void house_json_write(struct buf *out, const struct house_rules *rules)
{
    buf_add_byte(out, '{');
    json_write_member_u64(out, "slow", rules->slow_s);
    write_modes(out, rules->modes);
    json_write_member_u64(out, "seconds", rules->mods_first_s);
    json_write_member_bool(out, "shield", rules->shield);
    json_write_name(out, "rules");
    buf_add_byte(out, '{');
    for (enum house_rule rule = 0; rule < HOUSE_RULES; rule++) {
        if (is_written(rules, rule)) {
            write_rule(out, rules, rule);
        }
    }
    buf_add_byte(out, '}');
    json_write_name(out, "terms");
    term_list_write(out, rules->terms);
    buf_add_byte(out, '}');
}

void house_json_write_settings(struct buf *out, const struct house_rules *rules)
{
    json_write_member_u64(out, "slow", house_rules_slow_s(rules));
    write_modes(out, house_rules_modes(rules));
    json_write_member_bool(out, "shield", rules->shield);
}

void house_json_write_marks(struct buf *out, uint32_t marks)
{
    uint8_t before = '[';
    if (marks == 0) {
        return;
    }
    json_write_name(out, "marks");
    for (enum house_rule rule = 0; rule < HOUSE_RULES; rule++) {
        if ((marks >> rule & 1U) != 0) {
            buf_add_byte(out, before);
            json_write_str(out, str_of(house_rules_name(rule)));
            before = ',';
        }
    }
    buf_add_byte(out, ']');
}
