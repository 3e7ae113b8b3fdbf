// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "app/terminal.h"
#include "engine/embedded/store_check.h"
#include "sys/sys.h"

#include <stdio.h>

static const struct option_kind kinds[] = {
    {.name = "data", .has_value = true},
    {.name = "new-epoch", .has_value = false},
    {.name = "help", .has_value = false},
    {.name = NULL},
};

static void on_damage(const struct store_check *check, const char *text)
{
    struct buf line;
    (void)check;
    buf_init(&line, MEM_OTHER, SIZE_MAX);
    terminal_write(&line, str_of(text)); // names of streams are strangers' words
    printf("damaged: %.*s\n", STR_ARG(buf_str(&line)));
    buf_done(&line);
}

static void on_progress(const struct store_check *check, const char *what, uint64_t done,
                        uint64_t total)
{
    (void)check;
    if (!sys_is_terminal(2)) {
        return;
    }
    if (total == 0) {
        fprintf(stderr, "\r\033[K%s", what);
    } else {
        fprintf(stderr, "\r\033[K%s %llu of %llu", what, (unsigned long long)done,
                (unsigned long long)total);
    }
}

static int tell(const struct store_check_found *found, const char *folder)
{
    if (sys_is_terminal(2)) {
        fprintf(stderr, "\r\033[K");
    }
    printf("%s: %llu pages, %llu events of %llu streams, epoch %s: ", folder,
           (unsigned long long)found->pages, (unsigned long long)found->rows,
           (unsigned long long)found->streams,
           found->epoch.text[0] == '\0' ? "unknown" : found->epoch.text);
    if (found->damages == 0) {
        printf("well\n");
        return COMMAND_OK;
    }
    printf("%llu damages\n"
           "What is damaged is never served: it is refused, the rest is read as before, and `roar "
           "serve` says if it\ncannot start. A backup has it whole: put that in the folder's "
           "place, then `roar check --new-epoch`.\n",
           (unsigned long long)found->damages);
    return COMMAND_FAILED;
}

static int run(const struct command *command, const struct options *options)
{
    struct store_check check = {.on_damage = on_damage, .on_progress = on_progress};
    struct store_check_found found = {.pages = 0};
    char why[STORE_CHECK_TEXT_MAX];
    const char *folder = options_value_or(options, "data", "ROAR_DATA");
    folder = folder == NULL ? "./roar-data" : folder;
    const enum err err =
        store_check_folder(&check, folder, options_has(options, "new-epoch"), &found, why);
    if (err == ERR_OK) {
        return tell(&found, folder);
    }
    if (err == ERR_EXISTS) {
        return command_failed(command, "a server owns this folder: stop it first");
    }
    if (err == ERR_NOT_FOUND) {
        return command_failed(command, "there is no roar.db in that folder: --data says which");
    }
    return command_failed(command, why[0] == '\0' ? "there is no memory" : why);
}

const struct command command_check = {
    .name = "check",
    .usage = "[--data DIR] [--new-epoch]",
    .summary = "verifies a data folder that no server owns",
    .help =
        "  --data DIR    the folder; or ROAR_DATA [./roar-data]\n"
        "  --new-epoch   after a backup was put back: readers who saw what it lacks start anew\n"
        "\n"
        "Goes through every page, row, index and retry, names each damage, and exits with 1 if\n"
        "there is one.\n",
    .spec = {.kinds = kinds},
    .run = run,
};
