// SPDX-License-Identifier: Apache-2.0
/* setting -- every setting there is, as one table: the file's keys, the variables, the flags and
 * `roar serve --help` are made from it.
 *
 *      [limits] post_user = "5/10s"  │  ROAR_LIMITS_POST_USER=5/10s  │  --limits-post-user 5/10s
 *
 * Thread:  any; constant.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum setting_id {
    SETTING_LISTEN,
    SETTING_DATA,
    SETTING_WORKERS,
    SETTING_ENGINE,
    SETTING_SECRET_FILE,
    SETTING_DRAIN_S,
    SETTING_HTTP_ORIGINS,
    SETTING_HTTP_TRUSTED_PROXIES,
    SETTING_AUTH_READ,
    SETTING_AUTH_GUESTS,
    SETTING_AUTH_QUERY_TOKEN,
    SETTING_AUTH_JWKS_URL,
    SETTING_STREAMS_CREATE,
    SETTING_LIMITS_POST_USER,
    SETTING_LIMITS_POST_ADDRESS,
    SETTING_LIMITS_POST_STREAM,
    SETTING_LIMITS_CONNS_USER,
    SETTING_LIMITS_CONNS_ADDRESS,
    SETTING_LIMITS_VIEWERS_MAX,
    SETTING_LIMITS_TEXT_POINTS,
    SETTING_LIMITS_HEAD_MS,
    SETTING_LIMITS_REQUEST_MS,
    SETTING_PRESENCE_TTL_S,
    SETTING_PRESENCE_BEAT_S,
    SETTING_DELIVERY_MERGE_MS,
    SETTING_DELIVERY_MERGE_MAX_MS,
    SETTING_DELIVERY_RESUME_MAX,
    SETTING_DELIVERY_COMPRESS,
    SETTING_DELIVERY_COMPRESS_VIEWERS,
    SETTING_DELIVERY_STALL_S,
    SETTING_RETENTION_DAYS,
    SETTING_METRICS_LISTEN,
    SETTING_METRICS_TOKEN,
    SETTING_LOG_LEVEL,
    SETTINGS,
};

enum setting_kind {
    SETTING_TEXT,   // as it stands
    SETTING_CHOICE, // one of `choices`
    SETTING_NUMBER, // min..max
    SETTING_FLAG,   // true or false
    SETTING_RATE,   // "5/10s"
    SETTING_LIST,   // texts; with commas where there are no arrays
};

struct setting {
    const char *name; // "limits.post_user"
    enum setting_kind kind;
    const char *is;      // the default, as text
    const char *dev_is;  // the default with --dev; NULL: the same
    const char *choices; // of CHOICE: "anyone|token"
    uint32_t min, max;   // of NUMBER
    const char *help;
    bool reloads; // SIGHUP can change it
};

extern const struct setting setting_table[SETTINGS];

/* "limits", "post_user"; table empty for the first lines of a file. ERR_NOT_FOUND. */
MUST_USE enum err setting_find(struct str table, struct str key, enum setting_id *ret_id);
/* The `a-b-c` of `--a-b-c`. ERR_NOT_FOUND. */
MUST_USE enum err setting_find_flag(struct str flag, enum setting_id *ret_id);
/* The one whose variable (`ROAR_A_B_C`) it is. ERR_NOT_FOUND. */
MUST_USE enum err setting_find_variable(struct str variable, enum setting_id *ret_id);
/* The name most like this one, for "did you mean"; NULL when none is near. */
const char *setting_nearest(struct str name);
enum { SETTING_NAME_MAX = 64 };
void setting_write_variable(const struct setting *setting, char name[SETTING_NAME_MAX]);
void setting_write_flag(const struct setting *setting, char name[SETTING_NAME_MAX]); // no dashes

struct setting_value {
    struct str text; // as given; borrowed from whoever holds it
    uint32_t number;
    bool flag;
    struct limit rate;
};
/* ERR_PROTO: `*ret_why` says what it should be, as text in `why`. */
enum { SETTING_WHY_MAX = 200 };
MUST_USE enum err setting_read(const struct setting *setting, struct str text,
                               struct setting_value *ret_value, char why[SETTING_WHY_MAX]);
/* The next item of a LIST; false at the end. `rest` starts as the value's text. */
bool setting_next_item(struct str *rest, struct str *ret_item);

/* A line a setting: the flag, the default, what it is. */
void setting_write_help(struct buf *out);
