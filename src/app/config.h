// SPDX-License-Identifier: Apache-2.0
/* config -- the settings of this run: a flag beats the variable, which beats the file, which beats
 * the default.
 *
 * Owns:    a copy of every text.
 * Thread:  main; frozen once loaded.
 * Promise: a key, flag or value it does not know is refused by name and place; nothing is guessed.
 *          (Variables it does not know may be for others: command_serve.c names them.)
 */
#pragma once

#include "app/setting.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { CONFIG_FILE_BYTES_MAX = 256 * 1024, CONFIG_FAULT_MAX = 640 };

struct config_fault { // a sentence for people: "roar.toml:3:1: ..."
    char text[CONFIG_FAULT_MAX];
};

struct config_flag { // one the user gave
    enum setting_id id;
    const char *value; // outlives the config_load() it is given to
};

struct config_source {
    const char *file; // NULL: none
    bool is_dev;
    const char *(*variable)(const char *name); // sys_env(), or a test's
    const struct config_flag *flags;           // later ones win
    uint32_t flag_count;
};

struct config {
    bool is_dev;
    struct setting_value values[SETTINGS]; // texts are owned
};

/* ERR_PROTO: what stands there is wrong; ERR_SYS: the file cannot be read; ERR_NOMEM. On failure
 * nothing is to be freed. */
MUST_USE enum err config_load(const struct config_source *source, struct config *ret_config,
                              struct config_fault *fault);
void config_done(struct config *config); // zeroed is legal

static inline struct str config_text(const struct config *config, enum setting_id id)
{
    return config->values[id].text;
}

static inline uint32_t config_number(const struct config *config, enum setting_id id)
{
    return config->values[id].number;
}

static inline bool config_flag_is_on(const struct config *config, enum setting_id id)
{
    return config->values[id].flag;
}

/* How long whoever asked something of the store waits for it at most: then it is down, whatever it
 * does. What a post may wait for its turn, and as long again as a healthy commit never takes. */
enum { CONFIG_ANSWER_GRACE_MS = 2500 };
static inline uint32_t config_answer_ms(const struct config *config)
{
    return config_number(config, SETTING_LIMITS_POST_WAIT_MS) + CONFIG_ANSWER_GRACE_MS;
}

/* Whether both say the same of it. */
bool config_agrees(const struct config *a, const struct config *b, enum setting_id id);
