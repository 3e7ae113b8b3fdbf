// SPDX-License-Identifier: Apache-2.0
/* Whatever an author may be called and write, the event is JSON on one line that says it as it was
 * given, and its id is found in it; and no bytes but its own are a comment's id. Input: name, text
 * and cid, parted by newlines. */
#include "engine/embedded/comment_body.h"
#include "fuzz.h"
#include "rules/token_name.h"
#include "rules/user_name.h"
#include "wire/event.h"
#include "wire/json.h"
#include "wire/utf8.h"

enum { KEY = 77, AT_MS = 1763700000 };

static void must_say(const struct json *object, const char *name, struct str wanted)
{
    struct str text;
    must(json_get_str(json_member(object, name), &text));
    must(str_eq(text, wanted));
}

static void must_count(const struct json *object, const char *name, int64_t wanted)
{
    int64_t number = 0;
    must(json_get_i64(json_member(object, name), &number) && number == wanted);
}

static void check_json(struct str json, const struct submit *submit, const struct comment_id *id)
{
    struct json *root = NULL;
    struct json_fault fault;
    must(memchr(json.at, '\n', json.len) == NULL && memchr(json.at, '\r', json.len) == NULL);
    must(json_parse(json, &root, &fault) == ERR_OK);
    must_say(root, "type", STR("comment"));
    must_say(root, "stream", submit->stream);
    must_count(root, "seq", 4072);
    must_count(root, "prev", 4071);
    must_say(root, "id", str_of(id->text));
    must_say(root, "text", submit->text);
    must_say(json_member(root, "user"), "name", submit->author.name);
    if (submit->cid.len > 0) {
        must_say(root, "cid", submit->cid);
    }
    json_free(root);
}

static void comes_back(const struct submit *submit, uint64_t row)
{
    struct comment_id id;
    struct buf body = fuzz_buf();
    struct buf json = fuzz_buf();
    comment_id_write(KEY, row, AT_MS, &id);
    comment_body_write(&body, submit, &id, AT_MS);
    must(str_eq(comment_body_id(buf_str(&body)), str_of(id.text)));

    struct event *event = event_new(buf_str(&body));
    must(event != NULL);
    event->kind = EVENT_COMMENT;
    event->seq = 4072;
    event_write(&json, event, submit->stream, 4071);
    check_json(buf_str(&json), submit, &id);
    event_unref(event);
    buf_done(&body);
    buf_done(&json);
}

static void ids_have_one_spelling(struct str input)
{
    uint64_t row = 0;
    int64_t at_ms = 0;
    struct comment_id id;
    if (comment_id_parse(KEY, input, &row, &at_ms) == ERR_OK) {
        comment_id_write(KEY, row, at_ms, &id);
        must(str_eq_nocase(str_of(id.text), input));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct str rest = fuzz_str(bytes, len);
    ids_have_one_spelling(rest);
    const struct str name = str_cut(rest, '\n', &rest);
    const struct str text = str_cut(rest, '\n', &rest);
    const struct submit submit = {
        .stream = STR("demo"),
        .author = {.id = STR("u7"), .name = name, .roles = STR("[\"vip\"]")},
        .text = text,
        .cid = token_name_is_valid(rest) ? rest : STR_NONE,
        .media_ms = -1};
    if (user_name_is_valid(name) && utf8_is_valid(text)) {
        comes_back(&submit, (uint64_t)len + 1);
    }
    return 0;
}
