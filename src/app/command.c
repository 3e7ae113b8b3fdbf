// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"

#include "app/version.h"

#include <stdio.h>
#include <string.h>

static int run_help(const struct command *command, const struct options *options);
static int run_version(const struct command *command, const struct options *options);

static const struct option_kind no_options[] = {{.name = "help"}, {.name = NULL}};

static const struct command command_help = {.name = "help",
                                            .usage = "[COMMAND]",
                                            .summary = "says what a command does",
                                            .spec = {.kinds = no_options, .words_max = 1},
                                            .run = run_help};
static const struct command command_version = {.name = "version",
                                               .usage = "",
                                               .summary = "says which version this is",
                                               .spec = {.kinds = no_options},
                                               .run = run_version};

static const struct command *const commands[] = {&command_serve, &command_token, &command_post,
                                                 &command_tail,  &command_audit, &command_bench,
                                                 &command_check, &command_help,  &command_version};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command *find(const char *name)
{
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static void print_all(FILE *to)
{
    fprintf(to, "Roar carries the comments beside live video.\n\n");
    for (int i = 0; i < COMMANDS; i++) {
        fprintf(to, "  roar %-8s %s\n", commands[i]->name, commands[i]->summary);
    }
    fprintf(to, "\nroar help COMMAND says more. Try: roar serve --dev\n");
}

static void print_one(const struct command *command)
{
    printf("roar %s %s\n    %s\n", command->name, command->usage, command->summary);
    if (command->help != NULL) {
        printf("\n%s", command->help);
    }
    if (command->more_help != NULL) {
        command->more_help();
    }
}

static int refuse(const char *name)
{
    fprintf(stderr, "roar: there is no command %.60s\n\n", name);
    print_all(stderr);
    return COMMAND_USAGE;
}

static int run_help(const struct command *command, const struct options *options)
{
    (void)command;
    if (options->word_count == 0) {
        print_all(stdout);
        return COMMAND_OK;
    }
    const struct command *about = find(options->words[0]);
    if (about == NULL) {
        return refuse(options->words[0]);
    }
    print_one(about);
    return COMMAND_OK;
}

static int run_version(const struct command *command, const struct options *options)
{
    (void)command;
    (void)options;
    printf("roar %s\n", ROAR_VERSION);
    return COMMAND_OK;
}

int command_misused(const struct command *command, const char *why)
{
    fprintf(stderr, "roar %s: %s\n\n  roar %s %s\n\nroar help %s says what it takes.\n",
            command->name, why, command->name, command->usage, command->name);
    return COMMAND_USAGE;
}

int command_failed(const struct command *command, const char *why)
{
    fprintf(stderr, "roar %s: %s\n", command->name, why);
    return COMMAND_FAILED;
}

int command_run(int count, char **args)
{
    if (count < 2) {
        print_all(stderr);
        return COMMAND_USAGE;
    }
    const char *name = args[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = "help";
    } else if (strcmp(name, "--version") == 0) {
        name = "version";
    }
    const struct command *command = find(name);
    if (command == NULL) {
        return refuse(name);
    }
    struct options options;
    char why[OPTIONS_WHY_MAX];
    if (options_read(&command->spec, args + 2, &options, why) != ERR_OK) {
        return command_misused(command, why);
    }
    if (options_has(&options, "help")) {
        print_one(command);
        return COMMAND_OK;
    }
    return command->run(command, &options);
}
