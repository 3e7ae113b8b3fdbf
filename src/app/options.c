// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

#include "app/setting.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

/* How an option of that name is used; false when there is none. */
static bool find_kind(const struct options_spec *spec, struct str name,
                      struct option_kind *ret_kind)
{
    enum setting_id id;
    for (const struct option_kind *kind = spec->kinds; kind->name != NULL; kind++) {
        if (str_eq(name, str_of(kind->name))) {
            *ret_kind = *kind;
            return true;
        }
    }
    if (!spec->takes_settings || setting_find_flag(name, &id) != ERR_OK) {
        return false;
    }
    *ret_kind = (struct option_kind){.has_value = setting_table[id].kind != SETTING_FLAG};
    return true;
}

static enum err refuse_unknown(const struct options_spec *spec, struct str name,
                               char why[OPTIONS_WHY_MAX])
{
    char flag[SETTING_NAME_MAX] = "";
    const char *nearest = spec->takes_settings ? setting_nearest(name) : NULL;
    for (int id = 0; nearest != NULL && id < SETTINGS; id++) {
        if (strcmp(setting_table[id].name, nearest) == 0) {
            setting_write_flag(&setting_table[id], flag);
        }
    }
    snprintf(why, OPTIONS_WHY_MAX, "there is no option --%.*s%s%s%s",
             (int)(name.len < 100 ? name.len : 100), name.at,
             flag[0] == '\0' ? "" : "; did you mean --", flag, flag[0] == '\0' ? "" : "?");
    return ERR_PROTO;
}

/* One option; `*args` stands on it and moves past what it used. */
static enum err read_one(const struct options_spec *spec, char *const **args,
                         struct options *options, char why[OPTIONS_WHY_MAX])
{
    struct option_kind kind;
    const char *text = **args + 2;
    const char *equals = strchr(text, '=');
    const struct str name = {.at = text,
                             .len = equals == NULL ? strlen(text) : (size_t)(equals - text)};
    if (!find_kind(spec, name, &kind)) {
        return refuse_unknown(spec, name, why);
    }
    const char *value = equals == NULL ? NULL : equals + 1;
    if (value == NULL && kind.has_value) {
        value = (*args)[1];
        if (value == NULL) {
            snprintf(why, OPTIONS_WHY_MAX, "--%.*s needs a value", STR_ARG(name));
            return ERR_PROTO;
        }
        (*args)++;
    }
    if (options->count == OPTIONS_MAX) {
        snprintf(why, OPTIONS_WHY_MAX, "more than %d options", OPTIONS_MAX);
        return ERR_PROTO;
    }
    options->given[options->count].name = name.at;
    options->given[options->count].name_len = (uint32_t)name.len;
    options->given[options->count].value = value == NULL ? "true" : value;
    options->count++;
    return ERR_OK;
}

/* What people try first. */
static bool is_cry_for_help(const struct options_spec *spec, const char *arg)
{
    struct option_kind kind;
    return strcmp(arg, "-h") == 0 && find_kind(spec, STR("help"), &kind);
}

enum err options_read(const struct options_spec *spec, char *const *args,
                      struct options *ret_options, char why[OPTIONS_WHY_MAX])
{
    struct options options = {.count = 0};
    static char help_text[] = "--help"; // options keep it
    static char *const help[] = {help_text, NULL};
    bool are_over = false;
    for (; *args != NULL; args++) {
        if (!are_over && strcmp(*args, "--") == 0) {
            are_over = true;
        } else if (!are_over && is_cry_for_help(spec, *args)) {
            char *const *asked = help;
            TRY(read_one(spec, &asked, &options, why));
        } else if (!are_over && (*args)[0] == '-' && (*args)[1] == '-') {
            TRY(read_one(spec, &args, &options, why));
        } else if (!are_over && (*args)[0] == '-' && (*args)[1] != '\0') {
            snprintf(why, OPTIONS_WHY_MAX, "options begin with two dashes: %.100s", *args);
            return ERR_PROTO;
        } else if (options.word_count == spec->words_max) {
            snprintf(why, OPTIONS_WHY_MAX, "one word too many: %.100s", *args);
            return ERR_PROTO;
        } else {
            options.words[options.word_count++] = *args;
        }
    }
    if (options.word_count < spec->words_min && !options_has(&options, "help")) {
        snprintf(why, OPTIONS_WHY_MAX, "something is missing");
        return ERR_PROTO;
    }
    *ret_options = options;
    return ERR_OK;
}

const char *options_next(const struct options *options, const char *name, uint32_t *at)
{
    while (*at < options->count) {
        const uint32_t i = (*at)++;
        const struct str given = {.at = options->given[i].name, .len = options->given[i].name_len};
        if (str_eq(given, str_of(name))) {
            return options->given[i].value;
        }
    }
    return NULL;
}

const char *options_value(const struct options *options, const char *name)
{
    const char *last = NULL;
    uint32_t at = 0;
    for (const char *value = options_next(options, name, &at); value != NULL;
         value = options_next(options, name, &at)) {
        last = value;
    }
    return last;
}

const char *options_value_or(const struct options *options, const char *name, const char *variable)
{
    const char *value = options_value(options, name);
    const char *said = value == NULL ? sys_env(variable) : value;
    return value == NULL && said != NULL && said[0] == '\0' ? NULL : said;
}

bool options_has(const struct options *options, const char *name)
{
    const char *value = options_value(options, name);
    return value != NULL && strcmp(value, "false") != 0;
}
