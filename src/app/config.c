// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sys/sys.h"
#include "wire/toml.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 2, 3)))
say(struct config_fault *fault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
}

/* Replaces what the setting said before by a copy of `text`. */
static enum err put(struct config *config, enum setting_id id, struct str text,
                    char why[SETTING_WHY_MAX])
{
    struct setting_value value;
    TRY(setting_read(&setting_table[id], text, &value, why));
    char *copy = mem_copy_text(MEM_OTHER, text.at, text.len);
    if (copy == NULL) {
        snprintf(why, SETTING_WHY_MAX, "no memory");
        return ERR_NOMEM;
    }
    value.text = (struct str){.at = copy, .len = text.len};
    mem_free(MEM_OTHER, (void *)(uintptr_t)config->values[id].text.at); // ours, seen as const
    config->values[id] = value;
    return ERR_OK;
}

void config_done(struct config *config)
{
    for (int id = 0; id < SETTINGS; id++) {
        mem_free(MEM_OTHER, (void *)(uintptr_t)config->values[id].text.at);
        config->values[id] = (struct setting_value){.text = STR_NONE};
    }
}

static enum err put_defaults(struct config *config, struct config_fault *fault)
{
    for (int id = 0; id < SETTINGS; id++) {
        const struct setting *setting = &setting_table[id];
        const bool is_dev = config->is_dev && setting->dev_is != NULL;
        char why[SETTING_WHY_MAX];
        const enum err err =
            put(config, (enum setting_id)id, str_of(is_dev ? setting->dev_is : setting->is), why);
        if (err != ERR_OK) {
            say(fault, "default of %s: %s", setting->name, why);
            return err;
        }
    }
    return ERR_OK;
}

/* ---- the file ---- */

struct file_reading {
    struct config *config;
    struct config_fault *fault;
    const char *path;
    bool seen[SETTINGS];
    enum err err;
};

static bool stop_at(struct file_reading *reading, const struct toml_pair *pair, const char *why,
                    enum err err)
{
    say(reading->fault, "%s:%u:%u: %.*s%s%.*s %s", reading->path, pair->value_line,
        pair->value_column, STR_ARG(pair->table), pair->table.len > 0 ? "." : "",
        STR_ARG(pair->key), why);
    reading->err = err;
    return false;
}

static bool stop_unknown(struct file_reading *reading, const struct toml_pair *pair)
{
    char name[2 * TOML_NAME_MAX + 2];
    snprintf(name, sizeof(name), "%.*s%s%.*s", STR_ARG(pair->table), pair->table.len > 0 ? "." : "",
             STR_ARG(pair->key));
    const char *nearest = setting_nearest(str_of(name));
    say(reading->fault, "%s:%u:%u: there is no setting %s%s%s%s", reading->path, pair->line,
        pair->column, name, nearest == NULL ? "" : "; did you mean ",
        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
    reading->err = ERR_PROTO;
    return false;
}

/* A value's text as flags and variables write it; what it should be when the type does not fit. */
static const char *pair_text(const struct toml_pair *pair, enum setting_kind kind, struct buf *out)
{
    switch (kind) {
    case SETTING_NUMBER:
        buf_add_i64(out, pair->number);
        return pair->kind == TOML_INTEGER ? NULL : "should be a number, without quotes";
    case SETTING_FLAG:
        buf_add_str(out, pair->flag ? STR("true") : STR("false"));
        return pair->kind == TOML_BOOL ? NULL : "should be true or false, without quotes";
    case SETTING_LIST:
        for (uint32_t i = 0; i < pair->item_count; i++) {
            buf_add_str(out, i == 0 ? STR("") : STR(","));
            buf_add_str(out, pair->items[i]);
        }
        return pair->kind == TOML_ARRAY ? NULL : "should be an array of strings";
    case SETTING_TEXT:
    case SETTING_CHOICE:
    case SETTING_RATE:
        break;
    }
    buf_add_str(out, pair->text);
    return pair->kind == TOML_STRING ? NULL : "should be a string, in quotes";
}

static bool on_pair(void *user, const struct toml_pair *pair)
{
    struct file_reading *reading = user;
    enum setting_id id;
    if (setting_find(pair->table, pair->key, &id) != ERR_OK) {
        return stop_unknown(reading, pair);
    }
    if (reading->seen[id]) {
        return stop_at(reading, pair, "is here a second time", ERR_PROTO);
    }
    reading->seen[id] = true;
    struct buf text;
    char why[SETTING_WHY_MAX];
    buf_init(&text, MEM_OTHER, CONFIG_FILE_BYTES_MAX);
    const char *wrong = pair_text(pair, setting_table[id].kind, &text);
    enum err err = buf_err(&text) == ERR_NOMEM ? ERR_NOMEM : ERR_PROTO;
    if (err == ERR_NOMEM) {
        wrong = "no memory";
    } else if (wrong == NULL) {
        err = put(reading->config, id, buf_str(&text), why);
        wrong = err == ERR_OK ? NULL : why;
    }
    buf_done(&text);
    return wrong == NULL || stop_at(reading, pair, wrong, err);
}

static enum err read_text(struct file_reading *reading, struct str text)
{
    struct toml_fault place;
    const struct toml_reader reader = {.pair = on_pair, .user = reading};
    const enum err err = toml_read(text, &reader, &place);
    if (err == ERR_PROTO) {
        say(reading->fault, "%s:%u:%u: %s", reading->path, place.line, place.column, place.why);
    } else if (err == ERR_NOMEM) {
        say(reading->fault, "%s: no memory", reading->path);
    }
    return err == ERR_CLOSED ? reading->err : err;
}

static enum err put_file(struct config *config, const char *path, struct config_fault *fault)
{
    struct file_reading reading = {.config = config, .fault = fault, .path = path};
    struct buf text;
    buf_init(&text, MEM_OTHER, CONFIG_FILE_BYTES_MAX);
    enum err err = sys_file_read(path, CONFIG_FILE_BYTES_MAX, &text);
    if (err == ERR_OK) {
        err = read_text(&reading, buf_str(&text));
    } else if (err == ERR_NOMEM) {
        say(fault, "%s: no memory", path);
    } else if (err == ERR_LIMIT) {
        say(fault, "%s: more than %d bytes", path, CONFIG_FILE_BYTES_MAX);
        err = ERR_PROTO;
    } else {
        char why[SYS_FAILURE_TEXT_MAX];
        say(fault, "cannot read the settings: %.*s", STR_ARG(sys_failure_write(why)));
        err = ERR_SYS;
    }
    buf_done(&text);
    return err;
}

/* ---- variables and flags ---- */

static enum err put_variables(struct config *config, const struct config_source *source,
                              struct config_fault *fault)
{
    for (int id = 0; id < SETTINGS; id++) {
        char name[SETTING_NAME_MAX];
        char why[SETTING_WHY_MAX];
        setting_write_variable(&setting_table[id], name);
        const char *value = source->variable(name);
        const enum err err =
            value == NULL ? ERR_OK : put(config, (enum setting_id)id, str_of(value), why);
        if (err != ERR_OK) {
            say(fault, "%s %s", name, why);
            return err;
        }
    }
    return ERR_OK;
}

static enum err put_flags(struct config *config, const struct config_source *source,
                          struct config_fault *fault)
{
    for (uint32_t i = 0; i < source->flag_count; i++) {
        const struct config_flag *flag = &source->flags[i];
        char name[SETTING_NAME_MAX];
        char why[SETTING_WHY_MAX];
        const enum err err = put(config, flag->id, str_of(flag->value), why);
        if (err != ERR_OK) {
            setting_write_flag(&setting_table[flag->id], name);
            say(fault, "--%s %s", name, why);
            return err;
        }
    }
    return ERR_OK;
}

/* Each is well alone, and both together are not. */
static enum err check_pairs(const struct config *config, struct config_fault *fault)
{
    static const struct {
        enum setting_id less, more;
        const char *why;
    } pairs[] = {
        {SETTING_PRESENCE_BEAT_S, SETTING_PRESENCE_TTL_S,
         "whoever beats would be gone between two beats"},
        {SETTING_DELIVERY_MERGE_MS, SETTING_DELIVERY_MERGE_MAX_MS,
         "under pressure more is gathered, not less"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const uint32_t less = config_number(config, pairs[i].less);
        const uint32_t more = config_number(config, pairs[i].more);
        if (less > more) {
            say(fault, "%s (%u) should be at most %s (%u): %s", setting_table[pairs[i].less].name,
                less, setting_table[pairs[i].more].name, more, pairs[i].why);
            return ERR_PROTO;
        }
    }
    return ERR_OK;
}

static enum err load(const struct config_source *source, struct config *config,
                     struct config_fault *fault)
{
    TRY(put_defaults(config, fault));
    if (source->file != NULL) {
        TRY(put_file(config, source->file, fault));
    }
    TRY(put_variables(config, source, fault));
    TRY(put_flags(config, source, fault));
    return check_pairs(config, fault);
}

enum err config_load(const struct config_source *source, struct config *ret_config,
                     struct config_fault *fault)
{
    struct config config = {.is_dev = source->is_dev};
    const enum err err = load(source, &config, fault);
    if (err != ERR_OK) {
        config_done(&config);
        return err;
    }
    *ret_config = config;
    return ERR_OK;
}

bool config_agrees(const struct config *a, const struct config *b, enum setting_id id)
{
    return str_eq(a->values[id].text, b->values[id].text);
}
