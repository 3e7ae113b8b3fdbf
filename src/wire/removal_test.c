// SPDX-License-Identifier: Apache-2.0
#include "wire/removal.h"

#include "base/mem.h"
#include "wire/sse.h"
#include "wire/ws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { BYTES_MAX = 4096 };

static const uint64_t five[] = {5};
static const struct removal of_five = {.of = REMOVAL_SEQS, .seqs = five, .count = 1};
static const struct removal of_u9 = {.of = REMOVAL_USER, .user = STR("u9"), .upto = 7};
static const struct removal of_all = {.of = REMOVAL_ALL, .upto = 7};

static struct event *comment(uint64_t seq, const char *user, const char *text)
{
    char body[BYTES_MAX];
    struct buf out;
    buf_init_over(&out, body, sizeof(body));
    buf_addf(&out, "\"id\":\"01J\",\"user\":{\"id\":\"%s\",\"name\":\"Ann\"},\"text\":\"%s\"", user,
             text);
    struct event *event = event_new(buf_str(&out));
    assert_non_null(event);
    event->kind = EVENT_COMMENT;
    event->seq = seq;
    event->prev = seq - 1;
    event->rank = 3;
    event->flags = EVENT_FLAG_DIGEST;
    event->user_hash = 99;
    return event;
}

static void add_comment(struct buf *out, uint64_t seq, const char *user, const char *text)
{
    struct event *event = comment(seq, user, text);
    event_write(out, event, STR("demo"), seq - 1);
    event_unref(event);
}

/* What is left of these bytes, without the white space that fills it up. */
static struct str redacted(const struct removal *removal, struct buf *bytes, size_t wanted)
{
    const size_t len = bytes->len;
    size_t kept = 0;
    assert_int_equal(removal_redact(removal, bytes->bytes, bytes->len), wanted);
    assert_int_equal(bytes->len, len);
    for (size_t i = 0; i < len; i++) {
        if (bytes->bytes[i] != ' ') {
            bytes->bytes[kept] = bytes->bytes[i];
            kept++;
        }
    }
    bytes->len = kept;
    return buf_str(bytes);
}

static void expect_redacted(const struct removal *removal, struct buf *bytes, const char *wanted)
{
    const struct str left = redacted(removal, bytes, 1);
    assert_int_equal(left.len, strlen(wanted));
    assert_memory_equal(left.at, wanted, left.len);
    buf_done(bytes);
}

static struct buf new_bytes(void)
{
    struct buf bytes;
    buf_init(&bytes, MEM_OTHER, 256 * 1024);
    return bytes;
}

#define REMOVED_5 "{\"type\":\"removed\",\"stream\":\"demo\",\"seq\":5,\"prev\":4}"

static void a_comment_is_redacted_where_it_stands(void **state)
{
    (void)state;
    struct buf bytes = new_bytes();
    add_comment(&bytes, 5, "u9", "hello");
    expect_redacted(&of_five, &bytes, REMOVED_5);
    bytes = new_bytes();
    add_comment(&bytes, 5, "u9", "hello");
    expect_redacted(&of_u9, &bytes, REMOVED_5);
    bytes = new_bytes();
    add_comment(&bytes, 5, "u9", "hello");
    expect_redacted(&of_all, &bytes, REMOVED_5);
}

static void others_stay_as_they_are(void **state)
{
    (void)state;
    struct buf bytes = new_bytes();
    add_comment(&bytes, 8, "u9", "after the act");
    add_comment(&bytes, 6, "u90", "by another");
    add_comment(&bytes, 50, "u7", "u9");
    struct buf before = new_bytes();
    buf_add_str(&before, buf_str(&bytes));
    assert_int_equal(removal_redact(&of_u9, bytes.bytes, bytes.len), 0);
    assert_int_equal(removal_redact(&of_five, bytes.bytes, bytes.len), 0);
    assert_true(str_eq(buf_str(&before), buf_str(&bytes)));
    buf_done(&before);
    buf_done(&bytes);
}

static void what_people_write_ends_no_object_and_begins_none(void **state)
{
    static const char *const texts[] = {
        "}}}",
        "{",
        "\\\"}",
        "\\\\",
        "\\\\\\\"}",
        "]},{",
        "\\\"user\\\":{\\\"id\\\":\\\"u7\\\"}",
        "{\\\"type\\\":\\\"comment\\\",\\\"stream\\\":\\\"demo\\\",\\\"seq\\\":5,\\\"prev\\\":4,",
        "data: x\\n\\nid: y"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf bytes = new_bytes();
        add_comment(&bytes, 5, "u9", texts[i]);
        expect_redacted(&of_u9, &bytes, REMOVED_5);
        bytes = new_bytes();
        add_comment(&bytes, 6, "u7", texts[i]); // neither 5 nor by u9, whatever it says
        assert_int_equal(removal_redact(&of_five, bytes.bytes, bytes.len), 0);
        assert_int_equal(removal_redact(&of_u9, bytes.bytes, bytes.len), 0);
        buf_done(&bytes);
    }
}

static void a_name_is_the_same_however_it_is_escaped(void **state)
{
    const struct removal removal = {.of = REMOVAL_USER, .user = STR("a\"b\\é"), .upto = 7};

    (void)state;
    struct buf bytes = new_bytes();
    add_comment(&bytes, 5, "a\\\"b\\\\é", "x");
    expect_redacted(&removal, &bytes, REMOVED_5);
    bytes = new_bytes();
    add_comment(&bytes, 5, "a\\u0022b\\u005c\\u00e9", "x");
    expect_redacted(&removal, &bytes, REMOVED_5);
}

static void comments_within_other_frames_are_found(void **state)
{
    (void)state;
    struct buf bytes = new_bytes();
    buf_add_str(&bytes, STR("{\"type\":\"digest\",\"stream\":\"demo\",\"events\":["));
    add_comment(&bytes, 4, "u7", "stays");
    buf_add_byte(&bytes, ',');
    add_comment(&bytes, 5, "u9", "goes");
    buf_add_str(&bytes, STR("]}"));
    assert_int_equal(removal_redact(&of_five, bytes.bytes, bytes.len), 1);
    assert_null(memmem(bytes.bytes, bytes.len, "goes", 4));
    assert_non_null(memmem(bytes.bytes, bytes.len, "stays", 5));
    assert_non_null(memmem(bytes.bytes, bytes.len, "]}", 2));
    buf_done(&bytes);
}

static void frames_of_every_kind_keep_their_shape(void **state)
{
    (void)state;
    struct buf json = new_bytes(), bytes = new_bytes();
    add_comment(&json, 5, "u9", "goes");
    for (int i = 0; i < 3; i++) {
        sse_write(&bytes, STR("k3f9.5"), buf_str(&json));
        ws_write_text(&bytes, buf_str(&json));
    }
    const size_t len = bytes.len;
    assert_int_equal(removal_redact(&of_five, bytes.bytes, bytes.len), 6);
    assert_int_equal(bytes.len, len);
    assert_null(memmem(bytes.bytes, bytes.len, "goes", 4));
    assert_int_equal(removal_redact(&of_five, bytes.bytes, bytes.len), 0); // once is enough
    buf_done(&json);
    buf_done(&bytes);
}

static void what_is_not_whole_stays(void **state)
{
    (void)state;
    struct buf bytes = new_bytes();
    add_comment(&bytes, 5, "u9", "hello");
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_equal(removal_redact(&of_five, bytes.bytes, len), 0);
    }
    assert_int_equal(removal_redact(&of_five, bytes.bytes, bytes.len), 1);
    buf_done(&bytes);
}

static void what_is_written_is_read(void **state)
{
    const uint64_t seqs[] = {3, 4072, (UINT64_C(1) << 53) - 1};
    const struct removal removals[] = {{.of = REMOVAL_SEQS, .seqs = seqs, .count = 3},
                                       {.of = REMOVAL_USER, .user = STR("a\"b"), .upto = 12},
                                       {.of = REMOVAL_ALL, .upto = 12}};

    (void)state;
    for (size_t i = 0; i < sizeof(removals) / sizeof(removals[0]); i++) {
        struct buf bytes = new_bytes();
        struct removal read = {.count = 0};
        buf_add_str(&bytes, STR("\"at\":17"));
        removal_write(&bytes, &removals[i]);
        assert_int_equal(removal_read(buf_str(&bytes), &read), ERR_OK);
        assert_int_equal(read.of, removals[i].of);
        assert_int_equal(read.upto, removals[i].upto);
        assert_int_equal(read.count, removals[i].count);
        assert_true(str_eq(read.user, removals[i].user));
        for (uint32_t k = 0; k < removals[i].count; k++) {
            assert_int_equal(read.seqs[k], seqs[k]);
        }
        removal_done(&read);
        buf_done(&bytes);
    }
}

static void what_names_nothing_is_refused(void **state)
{
    static const char *const bodies[] = {"",
                                         "\"seqs\":4",
                                         "\"seqs\":[-1]",
                                         "\"seqs\":[\"4\"]",
                                         "\"seqs\":[9007199254740992]",
                                         "\"user_id\":\"u9\"",
                                         "\"upto\":4",
                                         "\"user_id\":7,\"upto\":4",
                                         "\"all\":false,\"upto\":4",
                                         "\"seqs\":["};

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct removal read = {0};
        assert_int_equal(removal_read(str_of(bodies[i]), &read), ERR_PROTO);
    }
}

static void seqs_are_found_in_any_order(void **state)
{
    struct removal read;

    (void)state;
    assert_int_equal(removal_read(STR("\"seqs\":[9,2,7]"), &read), ERR_OK);
    for (uint64_t seq = 0; seq < 12; seq++) {
        assert_int_equal(removal_covers(&read, seq, STR("u")), seq == 2 || seq == 7 || seq == 9);
    }
    removal_done(&read);
    assert_false(removal_covers(&(struct removal){.of = REMOVAL_SEQS}, 1, STR_NONE));
    assert_true(removal_covers(&of_u9, 7, STR("u9")));
    assert_false(removal_covers(&of_u9, 8, STR("u9")));
    assert_false(removal_covers(&of_u9, 7, STR("u8")));
    assert_true(removal_covers(&of_all, 7, STR("u8")));
    assert_false(removal_covers(&of_all, 8, STR("u8")));
}

/* Joined, they cover what each of them does. */
static void expect_joined(const struct removal *parts, uint32_t count, uint32_t wanted)
{
    static const char *const users[] = {"u1", "u9", "u77", "", "u\\\"8"};
    struct removal all;
    uint32_t joined = 0;
    assert_int_equal(removal_join(parts, count, &all, &joined), ERR_OK);
    assert_int_equal(joined, wanted);
    for (uint64_t seq = 1; seq < 12; seq++) {
        for (size_t user = 0; user < sizeof(users) / sizeof(users[0]); user++) {
            const bool is_escaped = users[user][0] == 'u' && users[user][1] == '\\';
            const struct str id = is_escaped ? STR("u\"8") : str_of(users[user]);
            struct event *event = comment(seq, users[user], "x");
            bool covers = false;
            for (uint32_t i = 0; i < joined; i++) {
                covers = covers || removal_covers(&parts[i], seq, id);
            }
            assert_int_equal(removal_covers(&all, seq, id), covers);
            assert_int_equal(removal_covers_comment(&all, event), covers);
            event_unref(event);
        }
    }
    removal_done(&all);
}

static void several_in_a_row_are_one(void **state)
{
    static const uint64_t few[] = {2, 9}, others[] = {1, 2, 7};
    const struct removal places[] = {
        {.of = REMOVAL_SEQS, .seqs = few, .count = 2},
        {.of = REMOVAL_SEQS},
        {.of = REMOVAL_SEQS, .seqs = others, .count = 3},
    };
    const struct removal users[] = {
        {.of = REMOVAL_USER, .user = STR("u9"), .upto = 7},
        {.of = REMOVAL_USER, .user = STR("u\"8"), .upto = 7},
        {.of = REMOVAL_USER, .user = STR("u77"), .upto = 7},
        {.of = REMOVAL_USER, .user = STR(""), .upto = 7},
        {.of = REMOVAL_USER, .user = STR("u1"), .upto = 8},
    };
    const struct removal all[] = {of_all, of_all};
    (void)state;
    expect_joined(places, 3, 3);
    expect_joined(users, 5, 4);
    expect_joined(users, 1, 1);
    expect_joined(all, 2, 1);
}

static void an_event_is_replaced_and_keeps_its_place(void **state)
{
    struct event *instead = NULL;

    (void)state;
    struct event *event = comment(5, "u9", "goes");
    assert_int_equal(removal_event(&of_u9, event, &instead), ERR_OK);
    assert_non_null(instead);
    assert_int_equal(instead->kind, EVENT_REMOVED);
    assert_int_equal(instead->body_len, 0);
    assert_int_equal(instead->seq, 5);
    assert_int_equal(instead->prev, 4);
    assert_int_equal(instead->rank, 3);
    assert_int_equal(instead->flags, EVENT_FLAG_DIGEST);
    assert_int_equal(instead->user_hash, 99);
    event_unref(instead);
    event_unref(event);
    event = comment(6, "u7", "stays");
    assert_int_equal(removal_event(&of_u9, event, &instead), ERR_OK);
    assert_null(instead);
    event_unref(event);
}

static void a_restore_is_redacted_as_a_whole(void **state)
{
    struct event *instead = NULL;

    (void)state;
    struct buf bytes = new_bytes();
    buf_add_str(&bytes, STR("\"comments\":["));
    add_comment(&bytes, 5, "u9", "goes");
    buf_add_byte(&bytes, ',');
    add_comment(&bytes, 6, "u7", "stays");
    buf_add_byte(&bytes, ']');
    struct event *event = event_new(buf_str(&bytes));
    assert_non_null(event);
    event->kind = EVENT_RESTORE;
    assert_int_equal(removal_event(&of_u9, event, &instead), ERR_OK);
    assert_non_null(instead);
    assert_int_equal(instead->kind, EVENT_RESTORE);
    assert_int_equal(instead->body_len, event->body_len);
    assert_null(memmem(instead->body, instead->body_len, "goes", 4));
    assert_non_null(memmem(instead->body, instead->body_len, "stays", 5));
    event_unref(event);
    event = instead;
    assert_int_equal(removal_event(&of_u9, event, &instead), ERR_OK);
    assert_null(instead);
    event_unref(event);
    buf_done(&bytes);
}

static void without_memory_nothing_changes(void **state)
{
    struct event *instead = NULL;
    struct removal read;

    (void)state;
    struct event *event = comment(5, "u9", "goes");
    mem_fail_after(1);
    assert_int_equal(removal_event(&of_u9, event, &instead), ERR_NOMEM);
    for (uint64_t n = 1; n <= 3; n++) {
        mem_fail_after(n);
        assert_int_equal(removal_read(STR("\"user_id\":\"u9\",\"upto\":4"), &read), ERR_NOMEM);
    }
    const struct removal two[] = {of_u9, of_u9};
    uint32_t joined = 0;
    mem_fail_after(1);
    assert_int_equal(removal_join(two, 2, &read, &joined), ERR_NOMEM);
    mem_fail_after(0);
    assert_int_equal(joined, 0);
    assert_null(instead);
    event_unref(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comment_is_redacted_where_it_stands),
        cmocka_unit_test(others_stay_as_they_are),
        cmocka_unit_test(what_people_write_ends_no_object_and_begins_none),
        cmocka_unit_test(a_name_is_the_same_however_it_is_escaped),
        cmocka_unit_test(comments_within_other_frames_are_found),
        cmocka_unit_test(frames_of_every_kind_keep_their_shape),
        cmocka_unit_test(what_is_not_whole_stays),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_names_nothing_is_refused),
        cmocka_unit_test(seqs_are_found_in_any_order),
        cmocka_unit_test(several_in_a_row_are_one),
        cmocka_unit_test(an_event_is_replaced_and_keeps_its_place),
        cmocka_unit_test(a_restore_is_redacted_as_a_whole),
        cmocka_unit_test(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
