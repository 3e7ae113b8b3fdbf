// SPDX-License-Identifier: Apache-2.0
#include "rules/claims.h"

#include "base/buf.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum err read(const char *text, struct claims **ret_claims)
{
    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};
    assert_int_equal(json_parse(str_of(text), &root, &fault), ERR_OK);
    const enum err err = claims_read(root, ret_claims);
    json_free(root);
    return err;
}

static struct claims *good(const char *text)
{
    struct claims *claims = NULL;
    assert_int_equal(read(text, &claims), ERR_OK);
    assert_non_null(claims);
    return claims;
}

static void all_claims_are_kept(void **state)
{
    (void)state;
    struct claims *claims =
        good("{\"sub\":\"u7\",\"name\":\"Ann\",\"roles\":[\"host\",\"viewer\",\"vip\",\"unknown\"],"
             "\"streams\":[\"a*\",\"b\"],\"exp\":2000000000,\"nbf\":5,\"iat\":6,\"since\":7,"
             "\"avatar\":\"https://a/b.png\",\"badges\":[\"x\\\"y\",\"z\"],\"more\":{}}");
    assert_true(str_eq(claims->sub, STR("u7")));
    assert_true(str_eq(claims->name, STR("Ann")));
    assert_true(str_eq(claims->roles, STR("[\"vip\",\"host\"]")));
    assert_int_equal(claims->role_bits, ROLE_VIEWER | ROLE_VIP | ROLE_HOST);
    assert_true(str_eq(claims->avatar, STR("https://a/b.png")));
    assert_true(str_eq(claims->badges, STR("[\"x\\\"y\",\"z\"]")));
    assert_int_equal(claims->glob_count, 2);
    assert_int_equal(claims->exp_s, 2000000000);
    assert_int_equal(claims->nbf_s, 5);
    assert_int_equal(claims->iat_s, 6);
    assert_int_equal(claims->since_s, 7);
    claims_unref(claims);
}

static void little_is_needed(void **state)
{
    (void)state;
    struct claims *claims = good("{\"sub\":\"u7\",\"exp\":1.5e9}");
    assert_true(str_eq(claims->name, STR("u7")));
    assert_int_equal(claims->roles.len, 0);
    assert_int_equal(claims->badges.len, 0);
    assert_int_equal(claims->role_bits, ROLE_VIEWER);
    assert_int_equal(claims->exp_s, 1500000000);
    assert_true(claims_allow_stream(claims, STR("any")));
    assert_false(claims_are_privileged(claims));
    assert_false(claims_are_unhurried(claims));
    claims_unref(claims);
    claims_unref(NULL);
}

static void a_time_of_zero_says_nothing(void **state)
{
    (void)state;
    struct claims *claims = good("{\"sub\":\"u7\",\"exp\":9,\"nbf\":0,\"iat\":0,\"since\":0}");
    assert_int_equal(claims->nbf_s, 0);
    claims_unref(claims);
}

static void who_would_rather_not_be_named_is_not(void **state)
{
    (void)state;
    struct claims *shy = good("{\"sub\":\"u7\",\"exp\":9,\"name\":\"Ann\",\"roster\":false}");
    struct claims *named = good("{\"sub\":\"u7\",\"exp\":9,\"name\":\"Ann\",\"roster\":true}");
    assert_int_equal(claims_roster_name(shy).len, 0);
    assert_true(str_eq(claims_roster_name(named), STR("Ann")));
    assert_int_equal(claims_roster_name(NULL).len, 0);
    claims_unref(shy);
    claims_unref(named);
}

static void wrong_shapes_are_refused(void **state)
{
    static const char *const texts[] = {
        "[]",
        "\"u\"",
        "{\"exp\":9}",
        "{\"sub\":\"\",\"exp\":9}",
        "{\"sub\":7,\"exp\":9}",
        "{\"sub\":null,\"exp\":9}",
        "{\"sub\":\"a\\u0000b\",\"exp\":9}",
        "{\"sub\":\"a\\nb\",\"exp\":9}",
        "{\"sub\":\"u\"}",
        "{\"sub\":\"u\",\"exp\":\"9\"}",
        "{\"sub\":\"u\",\"exp\":null}",
        "{\"sub\":\"u\",\"exp\":0}",
        "{\"sub\":\"u\",\"exp\":-5}",
        "{\"sub\":\"u\",\"exp\":1e300}",
        "{\"sub\":\"u\",\"exp\":9223372036854775807}",
        "{\"sub\":\"u\",\"exp\":9,\"nbf\":\"1\"}",
        "{\"sub\":\"u\",\"exp\":9,\"nbf\":-1}",
        "{\"sub\":\"u\",\"exp\":9,\"iat\":true}",
        "{\"sub\":\"u\",\"exp\":9,\"since\":[]}",
        "{\"sub\":\"u\",\"exp\":9,\"name\":5}",
        "{\"sub\":\"u\",\"exp\":9,\"name\":\"\"}",
        "{\"sub\":\"u\",\"exp\":9,\"name\":\"a\\nb\"}",
        "{\"sub\":\"u\",\"exp\":9,\"roles\":\"admin\"}",
        "{\"sub\":\"u\",\"exp\":9,\"roles\":{\"admin\":true}}",
        "{\"sub\":\"u\",\"exp\":9,\"roles\":[1]}",
        "{\"sub\":\"u\",\"exp\":9,\"streams\":\"*\"}",
        "{\"sub\":\"u\",\"exp\":9,\"streams\":[null]}",
        "{\"sub\":\"u\",\"exp\":9,\"avatar\":1}",
        "{\"sub\":\"u\",\"exp\":9,\"avatar\":\"a\\rb\"}",
        "{\"sub\":\"u\",\"exp\":9,\"badges\":\"b\"}",
        "{\"sub\":\"u\",\"exp\":9,\"roster\":\"no\"}",
        "{\"sub\":\"u\",\"exp\":9,\"badges\":[1]}",
        "{\"sub\":\"u\",\"exp\":9,\"badges\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}",
        "{\"sub\":\"u\",\"exp\":9,\"badges\":[\"123456789012345678901234567890123\"]}",
    };

    (void)state;
    const uint64_t before = mem_held_bytes(MEM_CONN);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct claims *claims = NULL;
        assert_int_equal(read(texts[i], &claims), ERR_PROTO);
        assert_null(claims);
    }
    assert_int_equal(mem_held_bytes(MEM_CONN), before);
}

static void lengths_are_exact(void **state)
{
    static const struct {
        const char *name;
        size_t most;
    } rows[] = {{"sub", 128}, {"name", 64}, {"avatar", 256}};
    struct buf text;

    (void)state;
    buf_init(&text, MEM_OTHER, 1024);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t len = rows[i].most; len <= rows[i].most + 1; len++) {
            struct claims *claims = NULL;
            buf_reset(&text);
            buf_addf(&text, "{%s\"exp\":9,\"%s\":\"", i == 0 ? "" : "\"sub\":\"u\",", rows[i].name);
            for (size_t at = 0; at < len; at++) {
                buf_add_byte(&text, 'x');
            }
            buf_add(&text, "\"}", 3); // with its NUL
            assert_int_equal(read((const char *)text.bytes, &claims),
                             len == rows[i].most ? ERR_OK : ERR_PROTO);
            claims_unref(claims);
        }
    }
    buf_done(&text);
}

static void globs_choose_streams(void **state)
{
    static const struct {
        const char *globs;
        const char *stream;
        bool allowed;
    } rows[] = {
        {"[\"*\"]", "anything", true},
        {"[]", "anything", false},
        {"[\"\"]", "anything", false},
        {"[\"demo\"]", "demo", true},
        {"[\"demo\"]", "demo2", false},
        {"[\"demo\"]", "dem", false},
        {"[\"demo*\"]", "demo2", true},
        {"[\"d?mo\"]", "demo", true},
        {"[\"d?mo\"]", "dmo", false},
        {"[\"*-eu\",\"x\"]", "a-eu-eu", true},
        {"[\"*-eu\",\"x\"]", "x", true},
        {"[\"*-eu\",\"x\"]", "a-eu-", false},
        {"[\"a*b*c\"]", "aXbYbZc", true},
        {"[\"a*b*c\"]", "aXcYb", false},
        {"[\"**\"]", "a", true},
        {"[\"A\"]", "a", false},
        {"[\"a*a*a*a*a*a*a*b\"]", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf text;
        buf_init(&text, MEM_OTHER, 512);
        buf_addf(&text, "{\"sub\":\"u\",\"exp\":9,\"streams\":%s}", rows[i].globs);
        buf_add_byte(&text, 0);
        struct claims *claims = good((const char *)text.bytes);
        assert_int_equal(claims_allow_stream(claims, str_of(rows[i].stream)), rows[i].allowed);
        claims_unref(claims);
        buf_done(&text);
    }
}

static void roles_have_rights(void **state)
{
    static const struct {
        const char *role;
        bool privileged, unhurried;
    } rows[] = {
        {"viewer", false, false}, {"member", false, false}, {"verified", false, false},
        {"vip", false, false},    {"bot", false, true},     {"moderator", true, true},
        {"host", true, true},     {"admin", true, true},    {"Admin", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf text;
        buf_init(&text, MEM_OTHER, 512);
        buf_addf(&text, "{\"sub\":\"u\",\"exp\":9,\"roles\":[\"%s\"]}", rows[i].role);
        buf_add_byte(&text, 0);
        struct claims *claims = good((const char *)text.bytes);
        assert_int_equal(claims_are_privileged(claims), rows[i].privileged);
        assert_int_equal(claims_are_unhurried(claims), rows[i].unhurried);
        claims_unref(claims);
        buf_done(&text);
    }
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    const uint64_t before = mem_held_bytes(MEM_CONN);
    struct claims *claims = NULL;
    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};
    assert_int_equal(json_parse(STR("{\"sub\":\"u\",\"exp\":9,\"avatar\":\"a\",\"roles\":[\"bot\"],"
                                    "\"badges\":[\"b\"],\"streams\":[\"s\",\"t\"]}"),
                                &root, &fault),
                     ERR_OK);
    uint64_t failures = 0;
    for (uint64_t n = 1; claims == NULL; n++) {
        mem_fail_after(n);
        const enum err err = claims_read(root, &claims);
        mem_fail_after(0);
        assert_true(err == ERR_OK || err == ERR_NOMEM);
        failures += err == ERR_NOMEM;
        assert_true(claims != NULL || mem_held_bytes(MEM_CONN) == before);
    }
    assert_true(failures >= 9);
    claims_unref(claims);
    json_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_claims_are_kept),
        cmocka_unit_test(little_is_needed),
        cmocka_unit_test(a_time_of_zero_says_nothing),
        cmocka_unit_test(who_would_rather_not_be_named_is_not),
        cmocka_unit_test(wrong_shapes_are_refused),
        cmocka_unit_test(lengths_are_exact),
        cmocka_unit_test(globs_choose_streams),
        cmocka_unit_test(roles_have_rights),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
