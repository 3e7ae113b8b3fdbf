// SPDX-License-Identifier: Apache-2.0
#include "app/hook_answer.h"

#include "wire/json.h"

#include <string.h>

static const struct {
    struct str name;
    enum act_do what;
    enum act_target at;
} acts[] = {
    {STR("delete"), ACT_DELETE, ACT_AT_SEQS},    {STR("hold"), ACT_HOLD, ACT_AT_SEQS},
    {STR("purge"), ACT_PURGE, ACT_AT_USERS},     {STR("ban"), ACT_BAN, ACT_AT_USERS},
    {STR("timeout"), ACT_TIMEOUT, ACT_AT_USERS}, {STR("shadow"), ACT_SHADOW, ACT_AT_USERS},
};

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(" \t\r\n", text.at[i]) == NULL || text.at[i] == '\0') {
            return false;
        }
    }
    return true;
}

struct hook_answer hook_answer_garbage(const char *why)
{
    return (struct hook_answer){.kind = HOOK_ANSWER_GARBAGE, .why = why, .seconds = -1};
}

/* Between two characters. */
static void copy_reason(struct str reason, char to[ACT_REASON_BYTES_MAX + 1])
{
    size_t len = reason.len;
    if (len > ACT_REASON_BYTES_MAX) {
        len = ACT_REASON_BYTES_MAX;
        while (len > 0 && ((uint8_t)reason.at[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    if (len > 0) {
        memcpy(to, reason.at, len);
    }
    to[len] = '\0';
}

static void read_act(const struct json *root, struct str name, struct hook_answer *ret)
{
    struct str reason = STR_NONE;
    size_t i = 0;
    while (i < sizeof(acts) / sizeof(acts[0]) && !str_eq(name, acts[i].name)) {
        i++;
    }
    if (i == sizeof(acts) / sizeof(acts[0])) {
        *ret = hook_answer_garbage("its `do` is none of delete, hold, purge, timeout, ban, shadow");
        return;
    }
    *ret = (struct hook_answer){
        .kind = HOOK_ANSWER_ACT, .what = acts[i].what, .at = acts[i].at, .seconds = -1};
    if (ret->what == ACT_TIMEOUT && (!json_get_i64(json_member(root, "seconds"), &ret->seconds) ||
                                     ret->seconds < 1 || ret->seconds > ACT_TIMEOUT_S_MAX)) {
        *ret = hook_answer_garbage("its `seconds` are not what a timeout may have");
        return;
    }
    (void)json_get_str(json_member(root, "reason"), &reason);
    copy_reason(reason, ret->reason);
}

static void read_root(const struct json *root, struct hook_answer *ret)
{
    const struct json *what = json_member(root, "do");
    struct str name;
    *ret = (struct hook_answer){.kind = HOOK_ANSWER_NOTHING, .seconds = -1};
    if (json_kind(root) == JSON_KIND_NULL) {
        return;
    }
    if (json_kind(root) != JSON_KIND_OBJECT) {
        *ret = hook_answer_garbage("it is no JSON object");
    } else if (what != NULL && !json_get_str(what, &name)) {
        *ret = hook_answer_garbage("its `do` is no text");
    } else if (what != NULL) {
        read_act(root, name, ret);
    } else if (json_member(root, "verdict") != NULL) {
        *ret = hook_answer_garbage("it is a verdict, as of the hook before publishing");
    }
}

enum err hook_answer_read(struct str body, struct hook_answer *ret)
{
    struct json *root = NULL;
    struct json_fault fault;
    if (is_blank(body)) {
        *ret = (struct hook_answer){.kind = HOOK_ANSWER_NOTHING, .seconds = -1};
        return ERR_OK;
    }
    const enum err err = json_parse(body, &root, &fault);
    if (err == ERR_NOMEM) {
        return err;
    }
    if (err != ERR_OK) {
        *ret = hook_answer_garbage("it is no JSON");
        return ERR_OK;
    }
    read_root(root, ret);
    json_free(root);
    return ERR_OK;
}
