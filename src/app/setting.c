// SPDX-License-Identifier: Apache-2.0
#include "app/setting.h"

#include "base/must.h"

#include <stdio.h>
#include <string.h>

/* ---- names ---- */

enum err setting_find(struct str table, struct str key, enum setting_id *ret_id)
{
    for (int id = 0; id < SETTINGS; id++) {
        struct str rest;
        struct str name = str_of(setting_table[id].name);
        const struct str first = str_cut(name, '.', &rest);
        const bool has_table = first.len < name.len;
        if (str_eq(table, has_table ? first : STR_NONE) && str_eq(key, has_table ? rest : first)) {
            *ret_id = (enum setting_id)id;
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

static void write_with(const struct setting *setting, char name[SETTING_NAME_MAX], char dot,
                       char underscore)
{
    const size_t len = strlen(setting->name);
    must(len < SETTING_NAME_MAX);
    for (size_t i = 0; i <= len; i++) {
        const char c = setting->name[i];
        name[i] = c == '.' ? dot : c == '_' ? underscore : c;
    }
}

void setting_write_flag(const struct setting *setting, char name[SETTING_NAME_MAX])
{
    write_with(setting, name, '-', '-');
}

void setting_write_variable(const struct setting *setting, char name[SETTING_NAME_MAX])
{
    char lower[SETTING_NAME_MAX];
    write_with(setting, lower, '_', '_');
    const int len = snprintf(name, SETTING_NAME_MAX, "ROAR_%s", lower);
    must(len > 0 && len < SETTING_NAME_MAX);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - ('a' - 'A')) : *c;
    }
}

static enum err find_as(void (*write)(const struct setting *setting, char name[SETTING_NAME_MAX]),
                        struct str wanted, enum setting_id *ret_id)
{
    for (int id = 0; id < SETTINGS; id++) {
        char name[SETTING_NAME_MAX];
        write(&setting_table[id], name);
        if (str_eq(wanted, str_of(name))) {
            *ret_id = (enum setting_id)id;
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

enum err setting_find_flag(struct str flag, enum setting_id *ret_id)
{
    return find_as(setting_write_flag, flag, ret_id);
}

enum err setting_find_variable(struct str variable, enum setting_id *ret_id)
{
    return find_as(setting_write_variable, variable, ret_id);
}

/* How many letters must change, go or come (Levenshtein 1966); `-`, `_` and `.` are one letter. */
static unsigned distance(struct str a, struct str b)
{
    unsigned row[SETTING_NAME_MAX + 1];
    for (unsigned i = 0; i <= b.len; i++) {
        row[i] = i;
    }
    for (unsigned i = 0; i < a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (unsigned j = 0; j < b.len; j++) {
            const char left = a.at[i] == '-' || a.at[i] == '.' ? '_' : a.at[i];
            const char right = b.at[j] == '.' ? '_' : b.at[j];
            const unsigned change = diagonal + (left == right ? 0 : 1);
            const unsigned lesser = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = change < lesser ? change : lesser;
        }
    }
    return row[b.len];
}

const char *setting_nearest(struct str name)
{
    const char *nearest = NULL;
    unsigned least = (unsigned)name.len / 3 + 2; // further is no likeness
    if (name.len >= SETTING_NAME_MAX) {
        return NULL;
    }
    for (int id = 0; id < SETTINGS; id++) {
        struct str whole = str_of(setting_table[id].name);
        struct str key;
        (void)str_cut(whole, '.', &key);
        const unsigned to_whole = distance(name, whole);
        const unsigned to_key = key.len == 0 ? to_whole : distance(name, key) + 1;
        const unsigned is = to_whole < to_key ? to_whole : to_key;
        if (is < least) {
            least = is;
            nearest = setting_table[id].name;
        }
    }
    return nearest;
}

/* ---- values ---- */

static bool is_choice(const char *choices, struct str text)
{
    struct str rest = str_of(choices);
    while (rest.len > 0) {
        if (str_eq(str_cut(rest, '|', &rest), text)) {
            return true;
        }
    }
    return false;
}

static enum err wants(char why[SETTING_WHY_MAX], const char *what, const char *detail)
{
    snprintf(why, SETTING_WHY_MAX, "%s%s", what, detail);
    return ERR_PROTO;
}

static enum err read_number(const struct setting *setting, struct str text,
                            struct setting_value *value, char why[SETTING_WHY_MAX])
{
    uint64_t number = 0;
    if (!str_to_u64(text, setting->max, &number) || number < setting->min) {
        snprintf(why, SETTING_WHY_MAX, "should be a whole number from %u to %u", setting->min,
                 setting->max);
        return ERR_PROTO;
    }
    value->number = (uint32_t)number;
    return ERR_OK;
}

enum err setting_read(const struct setting *setting, struct str text,
                      struct setting_value *ret_value, char why[SETTING_WHY_MAX])
{
    struct setting_value value = {.text = text};
    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_LIST:
        break;
    case SETTING_CHOICE:
        if (!is_choice(setting->choices, text)) {
            return wants(why, "should be one of ", setting->choices);
        }
        break;
    case SETTING_NUMBER:
        TRY(read_number(setting, text, &value, why));
        break;
    case SETTING_FLAG:
        value.flag = str_eq(text, STR("true"));
        if (!value.flag && !str_eq(text, STR("false"))) {
            return wants(why, "should be true or false", "");
        }
        break;
    case SETTING_RATE:
        if (limit_parse(text, &value.rate) != ERR_OK) {
            return wants(why, "should be a rate such as 5/10s, or 0 for none", "");
        }
        break;
    }
    *ret_value = value;
    return ERR_OK;
}

bool setting_next_item(struct str *rest, struct str *ret_item)
{
    while (rest->len > 0) {
        const struct str item = str_trim(str_cut(*rest, ',', rest));
        if (item.len > 0) {
            *ret_item = item;
            return true;
        }
    }
    return false;
}

void setting_write_help(struct buf *out)
{
    for (int id = 0; id < SETTINGS; id++) {
        const struct setting *setting = &setting_table[id];
        char flag[SETTING_NAME_MAX];
        setting_write_flag(setting, flag);
        buf_addf(out, "  --%-24s %s", flag, setting->help);
        if (setting->choices != NULL) {
            buf_addf(out, " (%s)", setting->choices);
        }
        if (setting->kind == SETTING_NUMBER) {
            buf_addf(out, " (%u..%u)", setting->min, setting->max);
        }
        buf_addf(out, " [%s]%s\n", setting->is, setting->reloads ? " *" : "");
    }
}
