// SPDX-License-Identifier: Apache-2.0
/* command -- what the binary can be told to do: `roar COMMAND ...`. */
#pragma once

#include "app/options.h"

/* Exit codes (protocol.md section 11). */
enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

struct command {
    const char *name;
    const char *usage;   // what stands behind the name
    const char *summary; // one line
    const char *help;    // more lines, or NULL
    struct options_spec spec;
    int (*run)(const struct command *command, const struct options *options); // an exit code
    void (*more_help)(void);                                                  // or NULL
};

extern const struct command command_serve;
extern const struct command command_token;
extern const struct command command_post;
extern const struct command command_tail;
extern const struct command command_audit;
extern const struct command command_bench;
extern const struct command command_check;

int command_run(int count, char **args);
/* "roar post: there is no option --x" and how to learn more, on stderr; returns COMMAND_USAGE. */
int command_misused(const struct command *command, const char *why);
/* "roar post: ..." on stderr; returns COMMAND_FAILED. */
int command_failed(const struct command *command, const char *why);
