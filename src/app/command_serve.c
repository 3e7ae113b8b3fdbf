// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "app/config.h"
#include "app/node.h"
#include "sys/sys.h"

#include <stdio.h>

enum { HELP_BYTES_MAX = 16 * 1024 };

static const struct option_kind kinds[] = {
    {.name = "config", .has_value = true}, {.name = "dev"}, {.name = "help"}, {.name = NULL}};

static int run(const struct command *command, const struct options *options)
{
    struct config_flag flags[OPTIONS_MAX];
    const char *file = options_value(options, "config");
    struct config_source source = {.file = file == NULL ? sys_env("ROAR_CONFIG") : file,
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
    return node_run(&source);
}

static void print_settings(void)
{
    struct buf text;
    buf_init(&text, MEM_OTHER, HELP_BYTES_MAX);
    setting_write_help(&text);
    printf("\nSettings. A flag beats the variable (ROAR_LIMITS_POST_USER), which beats the file\n"
           "(post_user in [limits]), which beats the default in brackets.\n\n%.*s",
           STR_ARG(buf_str(&text)));
    buf_done(&text);
}

const struct command command_serve = {
    .name = "serve",
    .usage = "[--config roar.toml] [--dev] [--SETTING VALUE]...",
    .summary = "serves streams until it is told to stop",
    .help = "  --config FILE              settings as TOML; or ROAR_CONFIG\n"
            "  --dev                      for one's own machine: loopback only, guests, a known "
            "secret\n",
    .spec = {.kinds = kinds, .takes_settings = true},
    .run = run,
    .more_help = print_settings,
};
