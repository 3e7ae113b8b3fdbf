// SPDX-License-Identifier: Apache-2.0
#include "app/keys.h"

#include "app/client.h"
#include "app/secret.h"
#include "app/term_file.h"
#include "base/log.h"
#include "base/mem.h"
#include "rules/jwt_keys.h"
#include "sys/sys.h"

#include <stdio.h>

enum { PATH_BYTES_MAX = 4096 };

static enum err say(struct config_fault *fault, enum err err, const char *what, const char *why)
{
    snprintf(fault->text, sizeof(fault->text), "%.60s: %.540s", what, why);
    return err;
}

/* ---- the JWKS ---- */

static enum err read_path(struct str path, struct buf *out, struct config_fault *fault)
{
    char name[PATH_BYTES_MAX];
    char why[SYS_FAILURE_TEXT_MAX];
    snprintf(name, sizeof(name), "%.*s", STR_ARG(path));
    const enum err err = sys_file_read(name, KEYS_JWKS_BYTES_MAX, out);
    if (err == ERR_LIMIT) {
        return say(fault, ERR_PROTO, "auth.jwks_url", "the key set is too long");
    }
    if (err != ERR_OK) {
        (void)sys_failure_write(why);
        return say(fault, ERR_SYS, "auth.jwks_url", why);
    }
    return ERR_OK;
}

static enum err fetch(struct str text, struct buf *out, struct config_fault *fault)
{
    struct client_url url;
    char why[CLIENT_WHY_MAX];
    int status = 0;
    const enum err bad_url = client_url_read(text, &url, why);
    if (bad_url != ERR_OK) {
        return say(fault, bad_url, "auth.jwks_url", why);
    }
    const struct client_request request = {.url = &url,
                                           .method = "GET",
                                           .path = url.path[0] == '\0' ? STR("/") : STR_NONE,
                                           .headers = STR("Accept: application/json\r\n"),
                                           .silence_ms = KEYS_FETCH_MS};
    const enum err err = client_fetch(&request, &status, out);
    if (err != ERR_OK) {
        client_explain(err, &url, why);
        return say(fault, ERR_SYS, "auth.jwks_url", why);
    }
    if (status != 200) {
        snprintf(why, sizeof(why), "the answer was %d", status);
        return say(fault, ERR_SYS, "auth.jwks_url", why);
    }
    return ERR_OK;
}

static enum err add_jwks(struct jwt_keys *keys, struct str url, struct config_fault *fault)
{
    struct buf text;
    enum err err = ERR_OK;
    buf_init(&text, MEM_OTHER, KEYS_JWKS_BYTES_MAX);
    if (str_has_prefix(url, STR("http://")) || str_has_prefix(url, STR("https://"))) {
        err = fetch(url, &text, fault);
    } else if (str_has_prefix(url, STR("file://"))) {
        err = read_path((struct str){.at = url.at + 7, .len = url.len - 7}, &text, fault);
    } else {
        err = read_path(url, &text, fault);
    }
    if (err == ERR_OK && jwt_keys_add_jwks(keys, buf_str(&text)) != ERR_OK) {
        err = say(fault, ERR_PROTO, "auth.jwks_url",
                  "not a JSON Web Key Set, or one of its keys is broken, too weak or of no use");
    }
    buf_done(&text);
    return err;
}

/* ---- the secret ---- */

static void warn_if_exposed(const char *path)
{
    bool is_exposed = false;
    if (sys_file_is_exposed(path, &is_exposed) == ERR_OK && is_exposed) {
        log_line(LOG_WARN,
                 "secret_file is open to other users of this machine: chmod 600, and a "
                 "new secret if they are not trusted",
                 LOG_STR("path", str_of(path)));
    }
}

/* Appends the secret there is, or nothing. */
static enum err find_secret(const struct config *config, struct buf *out,
                            struct config_fault *fault)
{
    char path[PATH_BYTES_MAX];
    char why[SECRET_WHY_MAX];
    const struct str name = config_text(config, SETTING_SECRET_FILE);
    if (name.len > 0) {
        snprintf(path, sizeof(path), "%.*s", STR_ARG(name));
        const enum err err = secret_read(path, out, why);
        if (err != ERR_OK) {
            return say(fault, err, "secret_file", why);
        }
        warn_if_exposed(path);
        return ERR_OK;
    }
    if (config->is_dev) {
        buf_add_str(out, SECRET_OF_DEV);
    }
    return ERR_OK;
}

static enum err fill(struct jwt_keys *keys, const struct config *config, struct str secret,
                     struct config_fault *fault)
{
    const struct str jwks_url = config_text(config, SETTING_AUTH_JWKS_URL);
    if (secret.len == 0 && jwks_url.len == 0) {
        return say(fault, ERR_PROTO, "no keys",
                   "nobody could write; give secret_file or auth.jwks_url, or try --dev");
    }
    if (secret.len == 0 && config_flag_is_on(config, SETTING_AUTH_GUESTS)) {
        return say(fault, ERR_PROTO, "auth.guests", "guests' tokens are signed with secret_file");
    }
    if (secret.len > 0 && jwt_keys_add_secret(keys, secret) != ERR_OK) {
        return say(fault, ERR_PROTO, "secret_file", "the secret is too short");
    }
    return jwks_url.len > 0 ? add_jwks(keys, jwks_url, fault) : ERR_OK;
}

/* ---- the hook before publishing ---- */

enum err keys_read_hook_key(const struct config *config, struct webhook_key *ret_key,
                            struct config_fault *fault)
{
    char path[PATH_BYTES_MAX];
    char why[SECRET_WHY_MAX];
    struct buf secret;
    const struct str name = config_text(config, SETTING_HOOKS_SECRET_FILE);
    *ret_key = (struct webhook_key){.len = 0};
    if (name.len == 0) {
        return ERR_OK;
    }
    snprintf(path, sizeof(path), "%.*s", STR_ARG(name));
    buf_init(&secret, MEM_OTHER, SECRET_BYTES_MAX);
    enum err err = secret_read(path, &secret, why);
    if (err != ERR_OK) {
        err = say(fault, err, "hooks.secret_file", why);
    } else if (webhook_key_read(buf_str(&secret), ret_key) != ERR_OK) {
        err = say(fault, ERR_PROTO, "hooks.secret_file",
                  "the secret is whsec_ and the base64 of 24 to 64 bytes");
    }
    buf_done(&secret);
    return err;
}

enum err keys_check_url(const struct config *config, enum setting_id id, struct config_fault *fault)
{
    char url[OUTCALL_URL_MAX + 2];
    const struct str text = config_text(config, id);
    snprintf(url, sizeof(url), "%.*s", STR_ARG(text));
    const enum err err = text.len == 0 ? ERR_OK : outcalls_check_url(url);
    if (err == ERR_NOT_FOUND) {
        return say(fault, ERR_SYS, setting_table[id].name,
                   "hooks need libcurl 7.85 or later (libcurl.so.4), and there is none: install "
                   "it (libcurl4 in Debian)");
    }
    if (err != ERR_OK) {
        return say(fault, ERR_PROTO, setting_table[id].name,
                   "a hook is at an http:// or https:// URL without a user name");
    }
    return ERR_OK;
}

static enum err read_hook(const struct config *config, struct policy_hook *ret_hook,
                          struct config_fault *fault)
{
    const struct str down = config_text(config, SETTING_HOOKS_BEFORE_DOWN);
    TRY(keys_check_url(config, SETTING_HOOKS_BEFORE_URL, fault));
    TRY(keys_check_url(config, SETTING_HOOKS_AFTER_URL, fault));
    TRY(keys_read_hook_key(config, &ret_hook->key, fault));
    ret_hook->url = config_text(config, SETTING_HOOKS_BEFORE_URL);
    ret_hook->wait_ms = config_number(config, SETTING_HOOKS_BEFORE_MS);
    ret_hook->down = str_eq(down, STR("hold"))     ? OUTCOME_HOLD
                     : str_eq(down, STR("refuse")) ? OUTCOME_REFUSE
                                                   : OUTCOME_ALLOW;
    return ERR_OK;
}

/* ---- the policy ---- */

/* What of a policy does not stand in the settings themselves. */
struct found {
    struct jwt_keys *keys;
    struct terms *terms;
    struct policy_hook hook;
    struct buf secret;
};

/* `keys` and `terms` are taken over, also when it fails. */
static enum err make_policy(const struct config *config, const struct found *found,
                            struct policy **ret_policy)
{
    struct str origins[POLICY_ORIGINS_MAX];
    uint32_t origin_count = 0;
    struct str rest = config_text(config, SETTING_HTTP_ORIGINS);
    struct str item;
    while (setting_next_item(&rest, &item)) {
        if (origin_count == POLICY_ORIGINS_MAX) {
            jwt_keys_free(found->keys);
            terms_unref(found->terms);
            return ERR_LIMIT;
        }
        origins[origin_count++] = item;
    }
    const struct policy_options options = {
        .keys = found->keys,
        .terms = found->terms,
        .hook = found->hook,
        .claim_ms = config_number(config, SETTING_MODERATION_CLAIM_S) * 1000,
        .guest_secret =
            config_flag_is_on(config, SETTING_AUTH_GUESTS) ? buf_str(&found->secret) : STR_NONE,
        .metrics_token = config_text(config, SETTING_METRICS_TOKEN),
        .origins = origins,
        .origin_count = origin_count,
        .text = {.points = config_number(config, SETTING_LIMITS_TEXT_POINTS),
                 .bytes = config_number(config, SETTING_LIMITS_TEXT_BYTES),
                 .lines = config_number(config, SETTING_LIMITS_TEXT_LINES),
                 .marks = config_number(config, SETTING_LIMITS_TEXT_MARKS)},
        .json = {.depth = config_number(config, SETTING_LIMITS_JSON_DEPTH),
                 .keys = config_number(config, SETTING_LIMITS_JSON_KEYS)},
        .tickets = {.ttl_s = config_number(config, SETTING_AUTH_TICKET_TTL_S),
                    .open = config_number(config, SETTING_LIMITS_TICKETS),
                    .open_user = config_number(config, SETTING_LIMITS_TICKETS_USER),
                    .open_address = config_number(config, SETTING_LIMITS_TICKETS_ADDRESS)},
        .guests_address = config->values[SETTING_LIMITS_GUESTS_ADDRESS].rate,
        .ws_calls = config_number(config, SETTING_LIMITS_WS_CALLS),
        .ws_auth_ms = config_number(config, SETTING_LIMITS_WS_AUTH_MS),
        .read_needs_token = str_eq(config_text(config, SETTING_AUTH_READ), STR("token")),
        .has_guests = config_flag_is_on(config, SETTING_AUTH_GUESTS),
        .has_query_token = config_flag_is_on(config, SETTING_AUTH_QUERY_TOKEN),
        .streams_are_explicit =
            str_eq(config_text(config, SETTING_STREAMS_CREATE), STR("explicit")),
        .metrics_are_open = config->is_dev,
    };
    return policy_new(&options, ret_policy);
}

static enum err make_keys(const struct config *config, struct buf *secret,
                          struct jwt_keys **ret_keys, struct config_fault *fault)
{
    TRY(find_secret(config, secret, fault));
    if (jwt_keys_new(ret_keys) != ERR_OK) {
        return say(fault, ERR_NOMEM, "keys", "no memory");
    }
    return fill(*ret_keys, config, buf_str(secret), fault);
}

static enum err find_all(const struct config *config, struct found *found,
                         struct config_fault *fault)
{
    TRY(make_keys(config, &found->secret, &found->keys, fault));
    TRY(read_hook(config, &found->hook, fault));
    return term_file_read(config_text(config, SETTING_MODERATION_TERMS_FILE), &found->terms, fault);
}

enum err keys_make_policy(const struct config *config, struct policy **ret_policy,
                          struct config_fault *fault)
{
    struct found found = {.keys = NULL};
    buf_init(&found.secret, MEM_OTHER, SECRET_BYTES_MAX);
    enum err err = find_all(config, &found, fault);
    if (err == ERR_OK) {
        err = make_policy(config, &found, ret_policy); // takes both over
        found.keys = NULL;
        if (err == ERR_PROTO) {
            err = say(fault, err, "http.origins", "an origin is scheme://host[:port], no path");
        } else if (err != ERR_OK) {
            err = say(fault, err, "http.origins", err_name(err));
        }
    }
    jwt_keys_free(found.keys);
    buf_done(&found.secret);
    return err;
}
