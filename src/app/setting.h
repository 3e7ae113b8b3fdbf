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
    SETTING_OWN_FILES,
    SETTING_ENGINE,
    SETTING_SECRET_FILE,
    SETTING_DRAIN_S,
    SETTING_DRAIN_RETRY_S,
    SETTING_UPGRADE_S,
    SETTING_HTTP_ORIGINS,
    SETTING_HTTP_TRUSTED_PROXIES,
    SETTING_AUTH_READ,
    SETTING_AUTH_GUESTS,
    SETTING_AUTH_QUERY_TOKEN,
    SETTING_AUTH_JWKS_URL,
    SETTING_AUTH_TICKET_TTL_S,
    SETTING_STREAMS_CREATE,
    SETTING_STREAMS_IDLE_MAX,
    SETTING_LIMITS_POST_USER,
    SETTING_LIMITS_POST_ADDRESS,
    SETTING_LIMITS_POST_STREAM,
    SETTING_LIMITS_CONNS_USER,
    SETTING_LIMITS_CONNS_ADDRESS,
    SETTING_LIMITS_VIEWERS_MAX,
    SETTING_LIMITS_TEXT_POINTS,
    SETTING_LIMITS_HEAD_MS,
    SETTING_LIMITS_REQUEST_MS,
    SETTING_LIMITS_IDLE_MS,
    SETTING_LIMITS_HEAD_BYTES,
    SETTING_LIMITS_FIELDS,
    SETTING_LIMITS_FIELD_NAME_BYTES,
    SETTING_LIMITS_URL_BYTES,
    SETTING_LIMITS_BODY_BYTES,
    SETTING_LIMITS_ACT_BYTES,
    SETTING_LIMITS_JSON_DEPTH,
    SETTING_LIMITS_JSON_KEYS,
    SETTING_LIMITS_TEXT_BYTES,
    SETTING_LIMITS_TEXT_LINES,
    SETTING_LIMITS_TEXT_MARKS,
    SETTING_LIMITS_WS_MESSAGE_BYTES,
    SETTING_LIMITS_WS_FRAGMENTS,
    SETTING_LIMITS_WS_CONTROL_FRAMES,
    SETTING_LIMITS_WS_BAD_MESSAGES,
    SETTING_LIMITS_WS_STREAMS,
    SETTING_LIMITS_WS_CALLS,
    SETTING_LIMITS_WS_AUTH_MS,
    SETTING_LIMITS_POSTS_WAITING,
    SETTING_LIMITS_POST_WAIT_MS,
    SETTING_LIMITS_TICKETS,
    SETTING_LIMITS_TICKETS_USER,
    SETTING_LIMITS_TICKETS_ADDRESS,
    SETTING_LIMITS_GUESTS_ADDRESS,
    SETTING_LIMITS_BEATS_ADDRESS,
    SETTING_LIMITS_HOLD_MS,
    SETTING_LIMITS_ACCEPTS_TURN,
    SETTING_LIMITS_LISTEN_QUEUE,
    SETTING_LIMITS_READS_WAITING,
    SETTING_PRESENCE_TTL_S,
    SETTING_PRESENCE_BEAT_S,
    SETTING_PRESENCE_PEOPLE_MAX,
    SETTING_DELIVERY_MERGE_MS,
    SETTING_DELIVERY_MERGE_MAX_MS,
    SETTING_DELIVERY_READABLE_PER_S,
    SETTING_DELIVERY_RESUME_MAX,
    SETTING_DELIVERY_COMPRESS,
    SETTING_DELIVERY_COMPRESS_VIEWERS,
    SETTING_DELIVERY_STALL_S,
    SETTING_DELIVERY_JOINS_TURN,
    SETTING_DELIVERY_VISITS_SLICE,
    SETTING_DELIVERY_LINE_S,
    SETTING_DELIVERY_PING_S,
    SETTING_DELIVERY_PINGS,
    SETTING_DELIVERY_RING_KIB,
    SETTING_DELIVERY_RINGS_MIB,
    SETTING_STORE_GATHER_MS,
    SETTING_STORE_TAIL_MIB,
    SETTING_RETENTION_DAYS,
    SETTING_MODERATION_EVIDENCE_DAYS,
    SETTING_MODERATION_HELD_MAX,
    SETTING_MODERATION_REACH_CUT_S,
    SETTING_MODERATION_REACH_ACTS,
    SETTING_MODERATION_NOTICES_PER_S,
    SETTING_MODERATION_TERMS_FILE,
    SETTING_MODERATION_CLAIM_S,
    SETTING_HOOKS_BEFORE_URL,
    SETTING_HOOKS_BEFORE_MS,
    SETTING_HOOKS_BEFORE_DOWN,
    SETTING_HOOKS_AFTER_URL,
    SETTING_HOOKS_AFTER_MS,
    SETTING_HOOKS_AFTER_KEPT_H,
    SETTING_HOOKS_SECRET_FILE,
    SETTING_HOOKS_WAITING_MAX,
    SETTING_HOOKS_ALLOW_PRIVATE,
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

extern const struct setting setting_table[SETTINGS]; // setting_table.c

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

/* A line a setting: the flag, what it is, its choices or bounds, its default; `*`: it reloads. */
void setting_write_help(struct buf *out);
