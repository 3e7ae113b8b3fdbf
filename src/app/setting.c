// SPDX-License-Identifier: Apache-2.0
#include "app/setting.h"

#include "base/must.h"

#include <stdio.h>
#include <string.h>

enum { YEAR_DAYS = 36500, HOUR_MS = 3600 * 1000 };

const struct setting setting_table[SETTINGS] = {
    [SETTING_LISTEN] = {.name = "listen",
                        .is = "127.0.0.1:8080",
                        .help = "address and port to serve on; port 0 takes a free one"},
    [SETTING_DATA] = {.name = "data", .is = "roar-data", .help = "folder of the log"},
    [SETTING_WORKERS] = {.name = "workers",
                         .kind = SETTING_NUMBER,
                         .is = "0",
                         .max = 256,
                         .help = "reactors; 0: one a core"},
    [SETTING_ENGINE] = {.name = "engine",
                        .kind = SETTING_CHOICE,
                        .is = "embedded",
                        .choices = "embedded",
                        .help = "who keeps and carries the comments"},
    [SETTING_SECRET_FILE] = {.name = "secret_file",
                             .is = "",
                             .help = "file of one line: the secret of HS256 tokens",
                             .reloads = true},
    [SETTING_DRAIN_S] = {.name = "drain_s",
                         .kind = SETTING_NUMBER,
                         .is = "20",
                         .max = 3600,
                         .help = "seconds a stop may take",
                         .reloads = true},
    [SETTING_HTTP_ORIGINS] = {.name = "http.origins",
                              .kind = SETTING_LIST,
                              .is = "",
                              .help = "web origins besides our own whose pages may talk to us",
                              .reloads = true},
    [SETTING_HTTP_TRUSTED_PROXIES] = {.name = "http.trusted_proxies",
                                      .kind = SETTING_LIST,
                                      .is = "",
                                      .help = "networks whose X-Forwarded-For is believed"},
    [SETTING_AUTH_READ] = {.name = "auth.read",
                           .kind = SETTING_CHOICE,
                           .is = "anyone",
                           .choices = "anyone|token",
                           .help = "who may read",
                           .reloads = true},
    [SETTING_AUTH_GUESTS] = {.name = "auth.guests",
                             .kind = SETTING_FLAG,
                             .is = "false",
                             .dev_is = "true",
                             .help = "POST /v1/guests gives tokens to whoever asks",
                             .reloads = true},
    [SETTING_AUTH_QUERY_TOKEN] = {.name = "auth.query_token",
                                  .kind = SETTING_FLAG,
                                  .is = "false",
                                  .help = "?token= is taken",
                                  .reloads = true},
    [SETTING_AUTH_JWKS_URL] = {.name = "auth.jwks_url",
                               .is = "",
                               .help = "JSON Web Key Set: a path, file:// or http:// URL",
                               .reloads = true},
    [SETTING_STREAMS_CREATE] = {.name = "streams.create",
                                .kind = SETTING_CHOICE,
                                .is = "implicit",
                                .choices = "implicit|explicit",
                                .help = "explicit: a stream exists only after PUT",
                                .reloads = true},
    [SETTING_LIMITS_POST_USER] = {.name = "limits.post_user",
                                  .kind = SETTING_RATE,
                                  .is = "5/10s",
                                  .help = "posts of one user; 0: no limit",
                                  .reloads = true},
    [SETTING_LIMITS_POST_ADDRESS] = {.name = "limits.post_address",
                                     .kind = SETTING_RATE,
                                     .is = "100/10s",
                                     .help = "posts from one address; 0: no limit",
                                     .reloads = true},
    [SETTING_LIMITS_POST_STREAM] = {.name = "limits.post_stream",
                                    .kind = SETTING_RATE,
                                    .is = "5000/1s",
                                    .help = "posts to one stream; 0: no limit",
                                    .reloads = true},
    [SETTING_LIMITS_CONNS_USER] = {.name = "limits.conns_user",
                                   .kind = SETTING_NUMBER,
                                   .is = "20",
                                   .max = 1000000,
                                   .help = "connections of one user; the oldest gives way; 0: off"},
    [SETTING_LIMITS_CONNS_ADDRESS] = {.name = "limits.conns_address",
                                      .kind = SETTING_NUMBER,
                                      .is = "10000",
                                      .max = 10000000,
                                      .help = "connections of one address; 0: off"},
    [SETTING_LIMITS_VIEWERS_MAX] = {.name = "limits.viewers_max",
                                    .kind = SETTING_NUMBER,
                                    .is = "0",
                                    .max = 100000000,
                                    .help = "viewers of this node; 0: by files and memory"},
    [SETTING_LIMITS_TEXT_POINTS] = {.name = "limits.text_points",
                                    .kind = SETTING_NUMBER,
                                    .is = "500",
                                    .min = 1,
                                    .max = 2000,
                                    .help = "code points of a comment",
                                    .reloads = true},
    [SETTING_LIMITS_HEAD_MS] = {.name = "limits.head_ms",
                                .kind = SETTING_NUMBER,
                                .is = "10000",
                                .min = 1,
                                .max = HOUR_MS,
                                .help = "milliseconds a request's head may take"},
    [SETTING_LIMITS_REQUEST_MS] = {.name = "limits.request_ms",
                                   .kind = SETTING_NUMBER,
                                   .is = "20000",
                                   .min = 1,
                                   .max = HOUR_MS,
                                   .help = "milliseconds a whole request may take"},
    [SETTING_PRESENCE_TTL_S] = {.name = "presence.ttl_s",
                                .kind = SETTING_NUMBER,
                                .is = "30",
                                .min = 1,
                                .max = 3600,
                                .help = "seconds a viewer counts after its last beat"},
    [SETTING_PRESENCE_BEAT_S] = {.name = "presence.beat_s",
                                 .kind = SETTING_NUMBER,
                                 .is = "10",
                                 .min = 1,
                                 .max = 3600,
                                 .help = "seconds between beats"},
    [SETTING_DELIVERY_MERGE_MS] = {.name = "delivery.merge_ms",
                                   .kind = SETTING_NUMBER,
                                   .is = "50",
                                   .max = 10000,
                                   .help = "milliseconds a busy stream gathers comments"},
    [SETTING_DELIVERY_MERGE_MAX_MS] = {.name = "delivery.merge_max_ms",
                                       .kind = SETTING_NUMBER,
                                       .is = "250",
                                       .max = 10000,
                                       .help = "the same under pressure"},
    [SETTING_DELIVERY_RESUME_MAX] = {.name = "delivery.resume_max",
                                     .kind = SETTING_NUMBER,
                                     .is = "1000",
                                     .min = 1,
                                     .max = 100000,
                                     .help = "events behind that a resume still sends inline"},
    [SETTING_DELIVERY_COMPRESS] = {.name = "delivery.compress",
                                   .kind = SETTING_FLAG,
                                   .is = "true",
                                   .help = "send less to readers that can inflate"},
    [SETTING_DELIVERY_COMPRESS_VIEWERS] = {.name = "delivery.compress_viewers",
                                           .kind = SETTING_NUMBER,
                                           .is = "50",
                                           .min = 1,
                                           .max = 1000000,
                                           .help = "such readers of a stream, from which on it is "
                                                   "compressed for all of them at once"},
    [SETTING_DELIVERY_STALL_S] = {.name = "delivery.stall_s",
                                  .kind = SETTING_NUMBER,
                                  .is = "60",
                                  .min = 1,
                                  .max = 3600,
                                  .help = "seconds a viewer may read nothing"},
    [SETTING_RETENTION_DAYS] = {.name = "retention.days",
                                .kind = SETTING_NUMBER,
                                .is = "0",
                                .max = YEAR_DAYS,
                                .help = "days a comment is kept; 0: for ever",
                                .reloads = true},
    [SETTING_METRICS_LISTEN] = {.name = "metrics.listen",
                                .is = "",
                                .help = "address and port of an open /metrics; empty: none"},
    [SETTING_METRICS_TOKEN] = {.name = "metrics.token",
                               .is = "",
                               .help = "bearer token for /metrics on the main port",
                               .reloads = true},
    [SETTING_LOG_LEVEL] = {.name = "log.level",
                           .kind = SETTING_CHOICE,
                           .is = "info",
                           .choices = "debug|info|warn|error",
                           .help = "the least that is logged",
                           .reloads = true},
};

/* ---- names ---- */

enum err setting_find(struct str table, struct str key, enum setting_id *ret_id)
{
    for (int id = 0; id < SETTINGS; id++) {
        struct str rest;
        struct str name = str_of(setting_table[id].name);
        const struct str first = str_cut(name, '.', &rest);
        const bool has_table = first.len < name.len;
        if (str_eq(table, has_table ? first : STR_NONE) && str_eq(key, has_table ? rest : first)) {
            *ret_id = (enum setting_id)id;
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

static void write_with(const struct setting *setting, char name[SETTING_NAME_MAX], char dot,
                       char underscore)
{
    const size_t len = strlen(setting->name);
    must(len < SETTING_NAME_MAX);
    for (size_t i = 0; i <= len; i++) {
        const char c = setting->name[i];
        name[i] = c == '.' ? dot : c == '_' ? underscore : c;
    }
}

void setting_write_flag(const struct setting *setting, char name[SETTING_NAME_MAX])
{
    write_with(setting, name, '-', '-');
}

void setting_write_variable(const struct setting *setting, char name[SETTING_NAME_MAX])
{
    char lower[SETTING_NAME_MAX];
    write_with(setting, lower, '_', '_');
    const int len = snprintf(name, SETTING_NAME_MAX, "ROAR_%s", lower);
    must(len > 0 && len < SETTING_NAME_MAX);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - ('a' - 'A')) : *c;
    }
}

enum err setting_find_flag(struct str flag, enum setting_id *ret_id)
{
    for (int id = 0; id < SETTINGS; id++) {
        char name[SETTING_NAME_MAX];
        setting_write_flag(&setting_table[id], name);
        if (str_eq(flag, str_of(name))) {
            *ret_id = (enum setting_id)id;
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

enum err setting_find_variable(struct str variable, enum setting_id *ret_id)
{
    for (int id = 0; id < SETTINGS; id++) {
        char name[SETTING_NAME_MAX];
        setting_write_variable(&setting_table[id], name);
        if (str_eq(variable, str_of(name))) {
            *ret_id = (enum setting_id)id;
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}

/* How many letters must change, go or come (Levenshtein 1966); `-`, `_` and `.` are one letter. */
static unsigned distance(struct str a, struct str b)
{
    unsigned row[SETTING_NAME_MAX + 1];
    for (unsigned i = 0; i <= b.len; i++) {
        row[i] = i;
    }
    for (unsigned i = 0; i < a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (unsigned j = 0; j < b.len; j++) {
            const char left = a.at[i] == '-' || a.at[i] == '.' ? '_' : a.at[i];
            const char right = b.at[j] == '.' ? '_' : b.at[j];
            const unsigned change = diagonal + (left == right ? 0 : 1);
            const unsigned lesser = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = change < lesser ? change : lesser;
        }
    }
    return row[b.len];
}

const char *setting_nearest(struct str name)
{
    const char *nearest = NULL;
    unsigned least = (unsigned)name.len / 3 + 2; // further is no likeness
    if (name.len >= SETTING_NAME_MAX) {
        return NULL;
    }
    for (int id = 0; id < SETTINGS; id++) {
        struct str whole = str_of(setting_table[id].name);
        struct str key;
        (void)str_cut(whole, '.', &key);
        const unsigned to_whole = distance(name, whole);
        const unsigned to_key = key.len == 0 ? to_whole : distance(name, key) + 1;
        const unsigned is = to_whole < to_key ? to_whole : to_key;
        if (is < least) {
            least = is;
            nearest = setting_table[id].name;
        }
    }
    return nearest;
}

/* ---- values ---- */

static bool is_choice(const char *choices, struct str text)
{
    struct str rest = str_of(choices);
    while (rest.len > 0) {
        if (str_eq(str_cut(rest, '|', &rest), text)) {
            return true;
        }
    }
    return false;
}

static enum err wants(char why[SETTING_WHY_MAX], const char *what, const char *detail)
{
    snprintf(why, SETTING_WHY_MAX, "%s%s", what, detail);
    return ERR_PROTO;
}

static enum err read_number(const struct setting *setting, struct str text,
                            struct setting_value *value, char why[SETTING_WHY_MAX])
{
    uint64_t number = 0;
    if (!str_to_u64(text, setting->max, &number) || number < setting->min) {
        snprintf(why, SETTING_WHY_MAX, "should be a whole number from %u to %u", setting->min,
                 setting->max);
        return ERR_PROTO;
    }
    value->number = (uint32_t)number;
    return ERR_OK;
}

enum err setting_read(const struct setting *setting, struct str text,
                      struct setting_value *ret_value, char why[SETTING_WHY_MAX])
{
    struct setting_value value = {.text = text};
    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_LIST:
        break;
    case SETTING_CHOICE:
        if (!is_choice(setting->choices, text)) {
            return wants(why, "should be one of ", setting->choices);
        }
        break;
    case SETTING_NUMBER:
        TRY(read_number(setting, text, &value, why));
        break;
    case SETTING_FLAG:
        value.flag = str_eq(text, STR("true"));
        if (!value.flag && !str_eq(text, STR("false"))) {
            return wants(why, "should be true or false", "");
        }
        break;
    case SETTING_RATE:
        if (limit_parse(text, &value.rate) != ERR_OK) {
            return wants(why, "should be a rate such as 5/10s, or 0 for none", "");
        }
        break;
    }
    *ret_value = value;
    return ERR_OK;
}

bool setting_next_item(struct str *rest, struct str *ret_item)
{
    while (rest->len > 0) {
        const struct str item = str_trim(str_cut(*rest, ',', rest));
        if (item.len > 0) {
            *ret_item = item;
            return true;
        }
    }
    return false;
}

void setting_write_help(struct buf *out)
{
    for (int id = 0; id < SETTINGS; id++) {
        const struct setting *setting = &setting_table[id];
        char flag[SETTING_NAME_MAX];
        setting_write_flag(setting, flag);
        buf_addf(out, "  --%-24s %s", flag, setting->help);
        if (setting->choices != NULL) {
            buf_addf(out, " (%s)", setting->choices);
        }
        if (setting->is[0] != '\0') {
            buf_addf(out, " [%s]", setting->is);
        }
        buf_add_byte(out, '\n');
    }
}
