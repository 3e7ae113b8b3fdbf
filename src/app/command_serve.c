// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "app/config.h"
#include "app/node.h"
#include "base/log.h"
#include "sys/sys.h"

#include <stdio.h>

enum { HELP_BYTES_MAX = 16 * 1024 };

static const struct str variable_prefix = {"ROAR_", 5};

static const struct option_kind kinds[] = {{.name = "config", .has_value = true},
                                           {.name = "dev"},
                                           {.name = "upgrade"},
                                           {.name = "help"},
                                           {.name = NULL}};

static bool is_known_variable(struct str name)
{
    static const char *const others[] = {"ROAR_CONFIG", "ROAR_URL", "ROAR_TOKEN"};
    enum setting_id id;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (str_eq(name, str_of(others[i]))) {
            return true;
        }
    }
    return setting_find_variable(name, &id) == ERR_OK;
}

/* The setting a mistyped variable may mean; empty when none is near. */
static struct str meant_by(struct str name)
{
    char lower[SETTING_NAME_MAX];
    const struct str rest = {.at = name.at + variable_prefix.len,
                             .len = name.len - variable_prefix.len};
    if (rest.len >= sizeof(lower)) {
        return STR_NONE;
    }
    for (size_t i = 0; i < rest.len; i++) {
        const char c = rest.at[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    const char *nearest = setting_nearest((struct str){.at = lower, .len = rest.len});
    return nearest == NULL ? STR_NONE : str_of(nearest);
}

/* Others may have variables of that kind, too: it is said and no more. */
static void name_unknown_variables(void)
{
    for (const char *const *one = sys_env_all(); *one != NULL; one++) {
        struct str value;
        const struct str name = str_cut(str_of(*one), '=', &value);
        if (str_has_prefix(name, variable_prefix) && !is_known_variable(name)) {
            log_line(LOG_WARN, "no setting has this variable", LOG_STR("variable", name),
                     LOG_STR("nearest", meant_by(name)));
        }
    }
}

static int run(const struct command *command, const struct options *options)
{
    struct config_flag flags[OPTIONS_MAX];
    struct config_source source = {.file = options_value_or(options, "config", "ROAR_CONFIG"),
                                   .is_dev = options_has(options, "dev"),
                                   .variable = sys_env,
                                   .flags = flags};
    (void)command;
    for (uint32_t i = 0; i < options->count; i++) {
        const struct str name = {.at = options->given[i].name, .len = options->given[i].name_len};
        enum setting_id id;
        if (setting_find_flag(name, &id) == ERR_OK) {
            flags[source.flag_count++] =
                (struct config_flag){.id = id, .value = options->given[i].value};
        }
    }
    name_unknown_variables();
    return node_run(&source, options_has(options, "upgrade"));
}

static void print_settings(void)
{
    struct buf text;
    buf_init(&text, MEM_OTHER, HELP_BYTES_MAX);
    setting_write_help(&text);
    printf("\nSettings. A flag beats the variable (ROAR_LIMITS_POST_USER), which beats the file\n"
           "(post_user in [limits]), which beats the default in brackets. SIGHUP takes over those\n"
           "marked *; the others need a restart.\n\n%.*s",
           STR_ARG(buf_str(&text)));
    buf_done(&text);
}

const struct command command_serve = {
    .name = "serve",
    .usage = "[--config roar.toml] [--dev] [--upgrade] [--SETTING VALUE]...",
    .summary = "serves streams until it is told to stop",
    .help = "  --config FILE              settings as TOML; or ROAR_CONFIG\n"
            "  --dev                      for one's own machine: loopback only, guests, a known "
            "secret\n"
            "  --upgrade                  takes over from the server that has the data folder, if "
            "there\n"
            "                             is one: its sockets, then the folder; SIGUSR2 does the "
            "same\n",
    .spec = {.kinds = kinds, .takes_settings = true},
    .run = run,
    .more_help = print_settings,
};
