// SPDX-License-Identifier: Apache-2.0
/* Whatever an author is called and writes, a comment that is removed is redacted where it stands,
 * in as many bytes, and its neighbours are not touched; and bytes that are none of ours do no harm.
 * Input: the author's name, the text, the id of whose comments are removed, parted by newlines. */
#include "engine/embedded/comment_body.h"
#include "fuzz.h"
#include "wire/event.h"
#include "wire/json.h"
#include "wire/removal.h"
#include "wire/utf8.h"

enum { KEY = 77, AT_MS = 1763700000, SEQ = 5 };

static void add_comment(struct buf *out, const struct submit *submit, uint64_t seq)
{
    struct comment_id id;
    struct buf body = fuzz_buf();
    comment_id_write(KEY, seq, AT_MS, &id);
    comment_body_write(&body, submit, &id, AT_MS);
    struct event *event = event_new(buf_str(&body));
    must(event != NULL);
    event->kind = EVENT_COMMENT;
    event->seq = seq;
    event_write(out, event, submit->stream, seq - 1);
    event_unref(event);
    buf_done(&body);
}

static void must_be(const struct json *object, const char *type)
{
    struct str text;
    must(json_get_str(json_member(object, "type"), &text) && str_eq(text, str_of(type)));
}

/* The middle one of three goes. */
static void one_of_three(const struct submit *submit)
{
    const uint64_t seqs[] = {SEQ};
    const struct removal removal = {.of = REMOVAL_SEQS, .seqs = seqs, .count = 1};
    struct json *root = NULL;
    struct json_fault fault;
    struct buf bytes = fuzz_buf();
    buf_add_byte(&bytes, '[');
    add_comment(&bytes, submit, SEQ - 1);
    buf_add_byte(&bytes, ',');
    add_comment(&bytes, submit, SEQ);
    buf_add_byte(&bytes, ',');
    add_comment(&bytes, submit, SEQ + 1);
    buf_add_byte(&bytes, ']');
    must(removal_redact(&removal, bytes.bytes, bytes.len) == 1);
    must(json_parse(buf_str(&bytes), &root, &fault) == ERR_OK && json_length(root) == 3);
    must_be(json_at(root, 0), "comment");
    must_be(json_at(root, 1), "removed");
    must_be(json_at(root, 2), "comment");
    must(json_member(json_at(root, 1), "text") == NULL);
    json_free(root);
    buf_done(&bytes);
}

static void by_user(const struct submit *submit, struct str removed)
{
    const struct removal removal = {.of = REMOVAL_USER, .user = removed, .upto = SEQ};
    const size_t wanted = str_eq(removed, submit->author.id);
    struct buf bytes = fuzz_buf();
    add_comment(&bytes, submit, SEQ);
    must(removal_redact(&removal, bytes.bytes, bytes.len) == wanted);
    buf_done(&bytes);
}

static bool is_json(struct str text)
{
    struct json *root = NULL;
    struct json_fault fault;
    const bool is = json_parse(text, &root, &fault) == ERR_OK;
    json_free(root);
    return is;
}

/* What is redacted is no comment any more. Once is enough wherever quotes come in pairs, as in all
 * we send: elsewhere the white space may close a string that an outer object left open. */
static void any_bytes(struct str input)
{
    const struct removal removals[] = {{.of = REMOVAL_ALL, .upto = SEQ_MAX},
                                       {.of = REMOVAL_USER, .user = STR("u9"), .upto = SEQ_MAX}};
    const size_t passes_max = is_json(input) ? 1 : input.len + 1;
    for (size_t i = 0; i < sizeof(removals) / sizeof(removals[0]); i++) {
        struct buf bytes = fuzz_buf();
        buf_add_str(&bytes, input);
        for (size_t passes = 0; removal_redact(&removals[i], bytes.bytes, bytes.len) > 0;) {
            must(++passes <= passes_max);
        }
        must(bytes.len == input.len);
        buf_done(&bytes);
    }
}

static void any_body(struct str input)
{
    struct removal removal, again;
    if (removal_read(input, &removal) != ERR_OK) {
        return;
    }
    struct buf body = fuzz_buf();
    removal_write(&body, &removal);
    must(removal_read(buf_str(&body), &again) == ERR_OK);
    must(again.of == removal.of && again.count == removal.count && again.upto == removal.upto);
    must(str_eq(again.user, removal.user));
    removal_done(&again);
    removal_done(&removal);
    buf_done(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct str rest = fuzz_str(bytes, len);
    any_bytes(rest);
    any_body(rest);
    const struct str name = str_cut(rest, '\n', &rest);
    const struct str text = str_cut(rest, '\n', &rest);
    const struct submit submit = {.stream = STR("demo"),
                                  .author = {.id = name, .name = STR("Ann")},
                                  .text = text,
                                  .media_ms = -1};
    if (utf8_is_valid(name) && utf8_is_valid(text) && utf8_is_valid(rest)) {
        one_of_three(&submit);
        by_user(&submit, name);
        by_user(&submit, rest);
    }
    return 0;
}
