// SPDX-License-Identifier: Apache-2.0
#include "rules/claims.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "rules/user_name.h"
#include "wire/json.h"
#include "wire/utf8.h"

static const struct {
    const char *name;
    uint32_t bit;
} role_names[] = {
    {"viewer", ROLE_VIEWER}, {"member", ROLE_MEMBER}, {"verified", ROLE_VERIFIED},
    {"vip", ROLE_VIP},       {"bot", ROLE_BOT},       {"moderator", ROLE_MODERATOR},
    {"host", ROLE_HOST},     {"admin", ROLE_ADMIN},
};

enum { ROLES = sizeof(role_names) / sizeof(role_names[0]) };

/* ---- lifetime ---- */

static enum err own_text(struct str text, struct str *ret_owned)
{
    char *copy = mem_copy_text(MEM_CONN, text.at, text.len);
    if (copy == NULL) {
        return ERR_NOMEM;
    }
    *ret_owned = (struct str){.at = copy, .len = text.len};
    return ERR_OK;
}

static void free_text(struct str text)
{
    mem_free(MEM_CONN, (void *)(uintptr_t)text.at); // ours: own_text() made it
}

static void claims_free(struct claims *claims)
{
    free_text(claims->sub);
    free_text(claims->name);
    free_text(claims->avatar);
    free_text(claims->badges);
    free_text(claims->roles);
    for (uint32_t i = 0; i < claims->glob_count; i++) {
        free_text(claims->globs[i]);
    }
    mem_free(MEM_CONN, claims->globs);
    mem_free(MEM_CONN, claims);
}

struct claims *claims_ref(struct claims *claims)
{
    /* Relaxed: whoever takes a reference already holds one. */
    (void)atomic_fetch_add_explicit(&claims->refs, 1, memory_order_relaxed);
    return claims;
}

void claims_unref(struct claims *claims)
{
    if (claims == NULL) {
        return;
    }
    /* Release, and acquire by the last: all use is over before it is freed. */
    if (atomic_fetch_sub_explicit(&claims->refs, 1, memory_order_acq_rel) == 1) {
        claims_free(claims);
    }
}

/* ---- reading ---- */

static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((uint8_t)text.at[i] < 0x20 || text.at[i] == 0x7F) {
            return true;
        }
    }
    return false;
}

static enum err read_sub(const struct json *payload, struct claims *claims)
{
    struct str sub = STR_NONE;
    if (!json_get_str(json_member(payload, "sub"), &sub) || sub.len == 0 ||
        sub.len > CLAIMS_SUB_BYTES_MAX || has_control(sub)) {
        return ERR_PROTO;
    }
    return own_text(sub, &claims->sub);
}

static enum err read_name(const struct json *payload, struct claims *claims)
{
    const struct json *member = json_member(payload, "name");
    struct str name = claims->sub;
    if (member != NULL && (!json_get_str(member, &name) || !user_name_is_valid(name))) {
        return ERR_PROTO;
    }
    return own_text(name, &claims->name);
}

static enum err read_avatar(const struct json *payload, struct claims *claims)
{
    const struct json *member = json_member(payload, "avatar");
    struct str avatar = STR_NONE;
    if (member == NULL) {
        return ERR_OK;
    }
    if (!json_get_str(member, &avatar) || avatar.len > CLAIMS_AVATAR_BYTES_MAX ||
        has_control(avatar)) {
        return ERR_PROTO;
    }
    return own_text(avatar, &claims->avatar);
}

/* An array of strings of at most `bytes_max`, `count_max` of them; absent is one of none. */
static bool is_text_list(const struct json *member, size_t count_max, size_t bytes_max)
{
    if (member == NULL) {
        return true;
    }
    if (json_kind(member) != JSON_KIND_ARRAY || json_length(member) > count_max) {
        return false;
    }
    for (size_t i = 0; i < json_length(member); i++) {
        struct str text = STR_NONE;
        if (!json_get_str(json_at(member, i), &text) || text.len > bytes_max || has_control(text)) {
            return false;
        }
    }
    return true;
}

static enum err own_list(const struct buf *list, struct str *ret_owned)
{
    return buf_ok(list) ? own_text(buf_str(list), ret_owned) : ERR_NOMEM;
}

static enum err read_badges(const struct json *payload, struct claims *claims)
{
    const struct json *member = json_member(payload, "badges");
    if (!is_text_list(member, CLAIMS_BADGES_MAX, CLAIMS_BADGE_BYTES_MAX)) {
        return ERR_PROTO;
    }
    if (json_length(member) == 0) {
        return ERR_OK;
    }
    struct buf list;
    buf_init(&list, MEM_CONN, 2048);
    for (size_t i = 0; i < json_length(member); i++) {
        struct str badge = STR_NONE;
        (void)json_get_str(json_at(member, i), &badge);
        buf_add_byte(&list, i == 0 ? '[' : ',');
        json_write_str(&list, badge);
    }
    buf_add_byte(&list, ']');
    const enum err err = own_list(&list, &claims->badges);
    buf_done(&list);
    return err;
}

static uint32_t role_bit(struct str name)
{
    for (size_t i = 0; i < ROLES; i++) {
        if (str_eq(name, str_of(role_names[i].name))) {
            return role_names[i].bit;
        }
    }
    return 0;
}

static enum err write_roles(struct claims *claims)
{
    if (claims->role_bits == ROLE_VIEWER) {
        return ERR_OK;
    }
    struct buf list;
    buf_init(&list, MEM_CONN, 256);
    for (size_t i = 0; i < ROLES; i++) {
        if ((claims->role_bits & role_names[i].bit & ~(uint32_t)ROLE_VIEWER) != 0) {
            buf_add_byte(&list, list.len == 0 ? '[' : ',');
            json_write_str(&list, str_of(role_names[i].name));
        }
    }
    buf_add_byte(&list, ']');
    const enum err err = own_list(&list, &claims->roles);
    buf_done(&list);
    return err;
}

static enum err read_roles(const struct json *payload, struct claims *claims)
{
    enum { NAMES_MAX = 64, NAME_BYTES_MAX = 256 };

    const struct json *member = json_member(payload, "roles");
    if (!is_text_list(member, NAMES_MAX, NAME_BYTES_MAX)) {
        return ERR_PROTO;
    }
    claims->role_bits = ROLE_VIEWER;
    for (size_t i = 0; i < json_length(member); i++) {
        struct str name = STR_NONE;
        (void)json_get_str(json_at(member, i), &name);
        claims->role_bits |= role_bit(name);
    }
    return write_roles(claims);
}

static enum err read_streams(const struct json *payload, struct claims *claims)
{
    const struct json *member = json_member(payload, "streams");
    if (!is_text_list(member, CLAIMS_GLOBS_MAX, CLAIMS_SUB_BYTES_MAX)) {
        return ERR_PROTO;
    }
    if (member == NULL) {
        return ERR_OK;
    }
    /* An empty list allows no stream: one glob that no name matches, since none at all is "all". */
    const size_t count = json_length(member) == 0 ? 1 : json_length(member);
    claims->globs = mem_new(MEM_CONN, count * sizeof(*claims->globs));
    if (claims->globs == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        struct str glob = STR_NONE;
        (void)json_get_str(json_at(member, i), &glob);
        TRY(own_text(glob, &claims->globs[i]));
        claims->glob_count++;
    }
    return ERR_OK;
}

/* A NumericDate of RFC 7519: seconds, possibly with a fraction, which is dropped. */
static enum err read_time(const struct json *payload, const char *name, bool is_needed,
                          int64_t *ret_s)
{
    const struct json *member = json_member(payload, name);
    double seconds = 0;
    if (member == NULL) {
        return is_needed ? ERR_PROTO : ERR_OK;
    }
    const double least = is_needed ? 1 : 0; // of the others 0 says nothing, as if it were absent
    if (!json_get_f64(member, &seconds) || seconds < least || seconds > 9007199254740991.0) {
        return ERR_PROTO;
    }
    *ret_s = (int64_t)seconds;
    return ERR_OK;
}

static enum err read_roster(const struct json *payload, struct claims *claims)
{
    const struct json *member = json_member(payload, "roster");
    bool is_listed = true;
    if (member != NULL && !json_get_bool(member, &is_listed)) {
        return ERR_PROTO;
    }
    claims->is_unlisted = !is_listed;
    return ERR_OK;
}

static enum err read_all(const struct json *payload, struct claims *claims)
{
    TRY(read_sub(payload, claims));
    TRY(read_name(payload, claims));
    TRY(read_avatar(payload, claims));
    TRY(read_badges(payload, claims));
    TRY(read_roles(payload, claims));
    TRY(read_streams(payload, claims));
    TRY(read_roster(payload, claims));
    TRY(read_time(payload, "exp", true, &claims->exp_s));
    TRY(read_time(payload, "nbf", false, &claims->nbf_s));
    TRY(read_time(payload, "iat", false, &claims->iat_s));
    return read_time(payload, "since", false, &claims->since_s);
}

enum err claims_read(const struct json *payload, struct claims **ret_claims)
{
    if (json_kind(payload) != JSON_KIND_OBJECT) {
        return ERR_PROTO;
    }
    struct claims *claims = mem_new(MEM_CONN, sizeof(*claims));
    if (claims == NULL) {
        return ERR_NOMEM;
    }
    atomic_init(&claims->refs, 1);
    const enum err err = read_all(payload, claims);
    if (err != ERR_OK) {
        claims_free(claims);
        return err;
    }
    *ret_claims = claims;
    return ERR_OK;
}

/* ---- asking ---- */

struct str claims_roster_name(const struct claims *claims)
{
    return claims == NULL || claims->is_unlisted ? STR_NONE : claims->name;
}

/* `*` stands for any run, `?` for one character. It goes back to the last star only, for what an
 * earlier one could take more of, the last can too: at most the product of both lengths. */
static bool glob_matches(struct str glob, struct str text)
{
    size_t g = 0, t = 0, star = SIZE_MAX, star_t = 0;
    while (t < text.len) {
        if (g < glob.len && glob.at[g] == '*') {
            star = g++;
            star_t = t;
        } else if (g < glob.len && (glob.at[g] == '?' || glob.at[g] == text.at[t])) {
            g++;
            t++;
        } else if (star != SIZE_MAX) {
            g = star + 1;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (g < glob.len && glob.at[g] == '*') {
        g++;
    }
    return g == glob.len;
}

bool claims_allow_stream(const struct claims *claims, struct str stream)
{
    if (claims->glob_count == 0) {
        return true;
    }
    for (uint32_t i = 0; i < claims->glob_count; i++) {
        if (glob_matches(claims->globs[i], stream)) {
            return true;
        }
    }
    return false;
}

bool claims_are_privileged(const struct claims *claims)
{
    return (claims->role_bits & (ROLE_HOST | ROLE_MODERATOR | ROLE_ADMIN)) != 0;
}

bool claims_are_unhurried(const struct claims *claims)
{
    return claims_are_privileged(claims) || (claims->role_bits & ROLE_BOT) != 0;
}
