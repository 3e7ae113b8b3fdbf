// SPDX-License-Identifier: Apache-2.0
#include "api/statement.h"

#include "wire/act.h"
#include "wire/json.h"

enum { FOUND_BYTES_MAX = 256 * 1024 };

/* Members without their braces to a tree. */
static enum err parse(struct str members, struct json **ret_root)
{
    struct buf text;
    struct json_fault fault;
    buf_init(&text, MEM_CONN, FOUND_BYTES_MAX);
    buf_add_byte(&text, '{');
    buf_add_str(&text, members);
    buf_add_byte(&text, '}');
    const enum err err =
        buf_ok(&text) ? json_parse_with(buf_str(&text), SIZE_MAX, ret_root, &fault) : ERR_PROTO;
    buf_done(&text);
    return err;
}

static const struct json *first_appeal(const struct json *found)
{
    return json_at(json_member(found, "appeals"), 0);
}

enum err statement_find_act(struct str appeals, uint64_t appeal, uint64_t *ret_act)
{
    struct json *found = NULL;
    struct str id = STR_NONE, act = STR_NONE;
    uint64_t number = 0;
    if (parse(appeals, &found) != ERR_OK) {
        return ERR_NOT_FOUND;
    }
    const struct json *first = first_appeal(found);
    const bool is_it = json_get_str(json_member(first, "id"), &id) &&
                       act_id_parse(id, &number) == ERR_OK && number == appeal &&
                       json_get_str(json_member(first, "act"), &act) &&
                       act_id_parse(act, &number) == ERR_OK;
    json_free(found);
    if (!is_it) {
        return ERR_NOT_FOUND;
    }
    *ret_act = number;
    return ERR_OK;
}

static void copy(struct buf *out, const char *name, const struct json *from, const char *member)
{
    json_write_name(out, name);
    json_write_value(out, json_member(from, member));
}

/* Of what a restriction is, in the words of the article. */
static struct str restriction_of(struct str what)
{
    static const struct {
        const char *what, *restriction;
    } restrictions[] = {
        {"delete", "removal of content"},          {"purge", "removal of content"},
        {"clear", "removal of content"},           {"reject", "removal of content"},
        {"hold", "content held for review"},       {"shadow", "demotion of content"},
        {"ban", "suspension of the service"},      {"timeout", "suspension of the service"},
        {"warn", "suspension until acknowledged"},
    };
    for (size_t i = 0; i < sizeof(restrictions) / sizeof(restrictions[0]); i++) {
        if (str_eq(what, str_of(restrictions[i].what))) {
            return str_of(restrictions[i].restriction);
        }
    }
    return STR("other");
}

static void write_decision(struct buf *out, const struct json *found)
{
    const struct json *entry = json_member(found, "entry");
    struct str what = STR_NONE;
    (void)json_get_str(json_member(entry, "do"), &what);
    json_write_name(out, "decision");
    buf_add_byte(out, '{');
    copy(out, "act", entry, "act");
    json_write_member_str(out, "do", what);
    json_write_member_str(out, "restriction", restriction_of(what));
    copy(out, "at", entry, "at");
    copy(out, "seconds", entry, "seconds");
    copy(out, "lifted", found, "lifted");
    copy(out, "scope", entry, "stream");
    buf_add_byte(out, '}');
}

static void write_grounds(struct buf *out, const struct json *entry)
{
    struct str kind = STR_NONE;
    (void)json_get_str(json_member(entry, "kind"), &kind);
    const bool is_machine = !str_eq(kind, STR("user"));
    json_write_name(out, "facts");
    buf_add_byte(out, '{');
    copy(out, "target", entry, "target");
    copy(out, "reason", entry, "reason");
    json_write_member_str(out, "found_by", kind);
    buf_add_byte(out, '}');
    json_write_name(out, "ground");
    buf_add_byte(out, '{');
    copy(out, "policy", entry, "policy");
    buf_add_byte(out, '}');
    json_write_name(out, "automated");
    buf_add_byte(out, '{');
    json_write_member_bool(out, "detection", is_machine);
    json_write_member_bool(out, "decision", is_machine);
    buf_add_byte(out, '}');
}

static void write_redress(struct buf *out, const struct json *appeal)
{
    json_write_name(out, "redress");
    buf_add_byte(out, '{');
    copy(out, "appeal", appeal, "id");
    copy(out, "at", appeal, "at");
    copy(out, "text", appeal, "text");
    copy(out, "state", appeal, "state");
    copy(out, "decided_at", appeal, "decided_at");
    copy(out, "words", appeal, "words");
    buf_add_byte(out, '}');
}

static enum err write_both(const struct json *appeals, const struct json *found, struct buf *out)
{
    const struct json *appeal = first_appeal(appeals);
    const struct json *entry = json_member(found, "entry");
    if (json_kind(appeal) != JSON_KIND_OBJECT || json_kind(entry) != JSON_KIND_OBJECT) {
        return ERR_PROTO;
    }
    buf_add_byte(out, '{');
    json_write_member_str(out, "type", STR("statement_of_reasons"));
    copy(out, "user", appeal, "user");
    write_decision(out, found);
    write_grounds(out, entry);
    write_redress(out, appeal);
    buf_add_byte(out, '}');
    return ERR_OK;
}

enum err statement_write(struct str appeals, struct str act, struct buf *out)
{
    struct json *appeal = NULL, *found = NULL;
    enum err err = parse(appeals, &appeal);
    if (err == ERR_OK) {
        err = parse(act, &found);
    }
    if (err == ERR_OK) {
        err = write_both(appeal, found, out);
    }
    json_free(found);
    json_free(appeal);
    return err;
}
