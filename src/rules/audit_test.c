// SPDX-License-Identifier: Apache-2.0
#include "rules/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LINES = 5 };

struct log {
    struct buf lines[LINES];
    struct audit_hash hashes[LINES];
};

static struct audit_entry entry_of(uint64_t n)
{
    return (struct audit_entry){.n = n,
                                .at_ms = 1763700000123 + (int64_t)n,
                                .stream = STR("demo"),
                                .act = STR("a81"),
                                .what = STR("delete"),
                                .kind = STR("user"),
                                .by = STR("ann"),
                                .target = STR("seq:4072"),
                                .reason = STR("spam \"again\"\n\x01\xe2\x80\xa8"),
                                .seconds = -1,
                                .seq = 4090 + n};
}

static void write_log(struct log *log)
{
    struct audit_hash prev = audit_hash_first();
    for (uint32_t i = 0; i < LINES; i++) {
        const struct audit_entry entry = entry_of(i + 1);
        buf_init(&log->lines[i], MEM_OTHER, AUDIT_ENTRY_BYTES_MAX);
        assert_int_equal(audit_write(&log->lines[i], &entry, &prev, &log->hashes[i]), ERR_OK);
        prev = log->hashes[i];
    }
}

static void drop_log(struct log *log)
{
    for (uint32_t i = 0; i < LINES; i++) {
        buf_done(&log->lines[i]);
    }
}

static enum audit_fault next(struct audit_chain *chain, struct str line)
{
    enum audit_fault fault = AUDIT_SOUND;
    assert_int_equal(audit_chain_next(chain, line, &fault), ERR_OK);
    return fault;
}

static enum audit_fault take(struct audit_chain *chain, const struct log *log, uint32_t i)
{
    return next(chain, buf_str(&log->lines[i]));
}

/* By another program: printf '%s' '{...}' | sha256sum. */
static void an_entry_is_canonical_json_under_its_own_hash(void **state)
{
    const struct audit_entry entry = {.n = 1,
                                      .at_ms = 5,
                                      .act = STR("a1"),
                                      .what = STR("ban"),
                                      .kind = STR("user"),
                                      .by = STR("ann"),
                                      .target = STR("user:bob"),
                                      .seconds = -1};
    const struct audit_hash first = audit_hash_first();
    static const char bare[] =
        "{\"act\":\"a1\",\"at\":5,\"by\":\"ann\",\"do\":\"ban\",\"kind\":\"user\",\"n\":1,"
        "\"policy\":null,\"prev_hash\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\"reason\":null,"
        "\"seconds\":null,\"seq\":null,\"stream\":null,\"target\":\"user:bob\",\"value\":null}";
    struct audit_hash hash;
    struct audit_hash found;
    struct buf line;
    (void)state;
    buf_init(&line, MEM_OTHER, 4096);
    assert_int_equal(audit_write(&line, &entry, &first, &hash), ERR_OK);
    assert_int_equal(audit_hash_of(str_of(bare), &found), ERR_OK);
    assert_string_equal(hash.text, found.text);
    assert_string_equal(found.text, "665ab77c026e49ff9453e5b271b42348"
                                    "fcc0989a54a5aaedfd2139680eb242ca");
    assert_int_equal(audit_hash_in(buf_str(&line), &found), ERR_OK);
    assert_string_equal(hash.text, found.text);
    buf_done(&line);
}

static void a_chain_is_sound_from_any_entry_on(void **state)
{
    struct log log;
    (void)state;
    write_log(&log);
    for (uint32_t from = 0; from < LINES; from++) {
        struct audit_chain chain = {.n = 0};
        for (uint32_t i = from; i < LINES; i++) {
            assert_int_equal(take(&chain, &log, i), AUDIT_SOUND);
        }
        assert_int_equal(chain.n, LINES);
        assert_int_equal(chain.first_n, from + 1);
        assert_string_equal(chain.hash.text, log.hashes[LINES - 1].text);
    }
    drop_log(&log);
}

static void every_edit_of_a_byte_is_found(void **state)
{
    struct log log;
    (void)state;
    write_log(&log);
    const struct str whole = buf_str(&log.lines[2]);
    for (size_t i = 0; i < whole.len; i++) {
        for (int flip = 1; flip < 128; flip <<= 1) {
            struct audit_chain chain = {.n = 0};
            assert_int_equal(take(&chain, &log, 0), AUDIT_SOUND);
            assert_int_equal(take(&chain, &log, 1), AUDIT_SOUND);
            log.lines[2].bytes[i] ^= (uint8_t)flip;
            assert_int_not_equal(take(&chain, &log, 2), AUDIT_SOUND);
            log.lines[2].bytes[i] ^= (uint8_t)flip;
            assert_in_range(chain.n, 2, 3);
        }
    }
    drop_log(&log);
}

static void what_is_added_to_a_line_is_found(void **state)
{
    struct log log;
    char text[4096];
    struct audit_chain chain = {.n = 0};
    (void)state;
    write_log(&log);
    const struct str line = buf_str(&log.lines[0]);
    snprintf(text, sizeof(text), "%.*s,\"zeal\":1}", (int)line.len - 1, line.at);
    assert_int_equal(next(&chain, str_of(text)), AUDIT_NO_ENTRY);
    snprintf(text, sizeof(text), " %.*s", STR_ARG(line));
    assert_int_equal(next(&chain, str_of(text)), AUDIT_NO_ENTRY);
    assert_int_equal(next(&chain, STR("")), AUDIT_NO_ENTRY);
    assert_int_equal(next(&chain, STR("[]")), AUDIT_NO_ENTRY);
    drop_log(&log);
}

/* So that what is told of a long export is where it is wrong, and not all behind it. */
static void an_edit_is_told_once(void **state)
{
    struct log log;
    struct audit_chain chain = {.n = 0};
    (void)state;
    write_log(&log);
    char *reason = strstr((char *)log.lines[1].bytes, "\"reason\":\"");
    assert_non_null(reason);
    reason[strlen("\"reason\":\"")] ^= 1;
    assert_int_equal(take(&chain, &log, 0), AUDIT_SOUND);
    assert_int_equal(take(&chain, &log, 1), AUDIT_EDITED);
    assert_int_equal(take(&chain, &log, 2), AUDIT_SOUND);
    drop_log(&log);
}

static void a_cut_and_a_swap_are_named(void **state)
{
    struct log log;
    struct audit_chain chain = {.n = 0};
    (void)state;
    write_log(&log);
    assert_int_equal(take(&chain, &log, 0), AUDIT_SOUND);
    assert_int_equal(take(&chain, &log, 2), AUDIT_CUT);
    assert_int_equal(take(&chain, &log, 1), AUDIT_REORDERED);
    assert_int_equal(take(&chain, &log, 0), AUDIT_REORDERED);
    assert_int_equal(take(&chain, &log, 3), AUDIT_SOUND);
    drop_log(&log);
}

/* With a hash that is right. */
static void replace_second(struct log *log, const struct audit_entry *entry)
{
    struct audit_hash hash;
    buf_reset(&log->lines[1]);
    assert_int_equal(audit_write(&log->lines[1], entry, &log->hashes[0], &hash), ERR_OK);
}

/* Who edits an entry and makes its hash right cannot make the next one follow it. */
static void an_entry_replaced_under_a_right_hash_is_named_by_the_next(void **state)
{
    struct log log;
    struct audit_chain chain = {.n = 0};
    struct audit_entry entry = entry_of(2);
    (void)state;
    write_log(&log);
    entry.by = STR("eve");
    replace_second(&log, &entry);
    assert_int_equal(take(&chain, &log, 0), AUDIT_SOUND);
    assert_int_equal(take(&chain, &log, 1), AUDIT_SOUND);
    assert_int_equal(take(&chain, &log, 2), AUDIT_RELINKED);
    drop_log(&log);
}

static void another_streams_entry_is_not_taken(void **state)
{
    struct log log;
    struct audit_chain chain = {.n = 0};
    struct audit_entry entry = entry_of(2);
    (void)state;
    write_log(&log);
    entry.stream = STR_NONE;
    replace_second(&log, &entry);
    assert_int_equal(take(&chain, &log, 0), AUDIT_SOUND);
    assert_int_equal(take(&chain, &log, 1), AUDIT_OTHER);
    drop_log(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_canonical_json_under_its_own_hash),
        cmocka_unit_test(a_chain_is_sound_from_any_entry_on),
        cmocka_unit_test(every_edit_of_a_byte_is_found),
        cmocka_unit_test(what_is_added_to_a_line_is_found),
        cmocka_unit_test(an_edit_is_told_once),
        cmocka_unit_test(a_cut_and_a_swap_are_named),
        cmocka_unit_test(an_entry_replaced_under_a_right_hash_is_named_by_the_next),
        cmocka_unit_test(another_streams_entry_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
