// SPDX-License-Identifier: Apache-2.0
#include "app/command.h"
#include "app/secret.h"
#include "rules/claims.h"
#include "rules/jwt.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = OPTIONS_MAX, TTL_S_MAX = 10 * 365 * 86400, NAME_BYTES_MAX = 256 };

static const struct option_kind kinds[] = {
    {.name = "sub", .has_value = true},
    {.name = "name", .has_value = true},
    {.name = "role", .has_value = true},
    {.name = "stream", .has_value = true},
    {.name = "unlisted"},
    {.name = "ttl", .has_value = true},
    {.name = "secret-file", .has_value = true},
    {.name = "dev", .has_value = false},
    {.name = "help", .has_value = false},
    {.name = NULL},
};

/* "90", "90s", "15m", "1h", "7d" in seconds; false when it is none. */
static bool read_ttl(const char *text, int64_t *ret_s)
{
    static const struct {
        char unit;
        int64_t s;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

    struct str number = str_of(text);
    int64_t unit_s = 1;
    for (size_t i = 0; number.len > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (text[strlen(text) - 1] == units[i].unit) {
            unit_s = units[i].s;
            number.len = strlen(text) - 1;
        }
    }
    uint64_t count = 0;
    if (!str_to_u64(number, (uint64_t)(TTL_S_MAX / unit_s), &count) || count == 0) {
        return false;
    }
    *ret_s = (int64_t)count * unit_s;
    return true;
}

static bool is_role(const char *name)
{
    static const char *const roles[] = {"viewer", "member",    "verified", "vip",
                                        "bot",    "moderator", "host",     "admin"};

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(roles[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t collect(const struct options *options, const char *name, struct str list[LIST_MAX])
{
    uint32_t count = 0;
    uint32_t at = 0;
    for (const char *value = options_next(options, name, &at); value != NULL && count < LIST_MAX;
         value = options_next(options, name, &at)) {
        list[count++] = str_of(value);
    }
    return count;
}

/* What is wrong with the arguments, or NULL. */
static const char *what_is_wrong(const struct options *options)
{
    const char *sub = options_value(options, "sub");
    uint32_t at = 0;
    if (sub == NULL || sub[0] == '\0' || strlen(sub) > CLAIMS_SUB_BYTES_MAX) {
        return "--sub, the user's id of 1 to 128 bytes, is needed";
    }
    for (const char *role = options_next(options, "role", &at); role != NULL;
         role = options_next(options, "role", &at)) {
        if (!is_role(role)) {
            return "--role is one of viewer member verified vip bot moderator host admin";
        }
    }
    return NULL;
}

static int sign(const struct command *command, const struct options *options, struct str secret)
{
    struct str roles[LIST_MAX], streams[LIST_MAX];
    int64_t ttl_s = 3600;
    const char *ttl = options_value(options, "ttl");
    if (ttl != NULL && !read_ttl(ttl, &ttl_s)) {
        return command_misused(command, "--ttl is a time such as 90s, 15m, 1h or 7d");
    }
    const int64_t now_s = clock_wall_ms(sys_clock()) / 1000;
    const struct jwt_grant grant = {
        .sub = str_of(options_value(options, "sub")),
        .name = str_of(options_value(options, "name")),
        .roles = roles,
        .role_count = collect(options, "role", roles),
        .streams = streams,
        .stream_count = collect(options, "stream", streams),
        .iat_s = now_s,
        .exp_s = now_s + ttl_s,
        .is_unlisted = options_has(options, "unlisted"),
    };
    struct buf token;
    buf_init(&token, MEM_OTHER, JWT_BYTES_MAX + 1);
    int code = COMMAND_OK;
    if (jwt_sign(secret, &grant, &token) != ERR_OK) {
        code = command_failed(command, "what the token should say is too long");
    } else {
        printf("%.*s\n", STR_ARG(buf_str(&token)));
    }
    buf_done(&token);
    return code;
}

static int run(const struct command *command, const struct options *options)
{
    struct buf secret;
    char why[SECRET_WHY_MAX];
    const char *wrong = what_is_wrong(options);
    const char *path = options_value_or(options, "secret-file", "ROAR_SECRET_FILE");
    if (wrong != NULL) {
        return command_misused(command, wrong);
    }
    if (options_has(options, "dev") && options_value(options, "secret-file") == NULL) {
        return sign(command, options, SECRET_OF_DEV);
    }
    if (path == NULL) {
        return command_misused(command, "a secret is needed: --secret-file, ROAR_SECRET_FILE, or "
                                        "--dev for a server that runs with --dev");
    }
    buf_init(&secret, MEM_OTHER, SECRET_BYTES_MAX);
    const int code = secret_read(path, &secret, why) == ERR_OK
                         ? sign(command, options, buf_str(&secret))
                         : command_failed(command, why);
    buf_done(&secret);
    return code;
}

const struct command command_token = {
    .name = "token",
    .usage = "--sub ID [--name NAME] [--role ROLE]... [--stream GLOB]... [--unlisted] [--ttl 1h] "
             "[--secret-file F | --dev]",
    .summary = "prints a JWT",
    .help = "  --sub ID          the user's id\n"
            "  --name NAME       what others read [the id]\n"
            "  --role ROLE       viewer member verified vip bot moderator host admin\n"
            "  --stream GLOB     where it is good for [everywhere]\n"
            "  --unlisted        counted where they watch, not named in its roster\n"
            "  --ttl TIME        90s, 15m, 1h, 7d [1h]\n"
            "  --secret-file F   one line, the secret of HS256; or ROAR_SECRET_FILE\n"
            "  --dev             the secret of `roar serve --dev`\n",
    .spec = {.kinds = kinds},
    .run = run,
};
