// SPDX-License-Identifier: Apache-2.0
/* Settings, keys, tokens, JSON and rules while memory runs out: they are whole or refused, and the next
 * try finds everything as it should be. */
#include "scarce.h"

#include "app/config.h"
#include "base/mem.h"
#include "rules/fold.h"
#include "rules/house_json.h"
#include "rules/jwt.h"
#include "rules/term_list.h"
#include "sys/sys.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW_S = 1763700000 };

#define SECRET STR("0123456789abcdef0123456789abcdef")

/* ---- settings ---- */

static char path[] = "/tmp/roar-scarcity-XXXXXX";

static const char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static bool load(enum scarce_kind kind, uint64_t n)
{
    const struct config_flag flags[] = {{SETTING_WORKERS, "3"}};
    const struct config_source source = {
        .file = path, .variable = no_variable, .flags = flags, .flag_count = 1};
    struct config config;
    struct config_fault fault = {.text = ""};
    scarce_begin(kind, n);
    const enum err err = config_load(&source, &config, &fault);
    const bool failed = scarce_end();
    assert_true(err == ERR_OK || err == ERR_NOMEM);
    assert_true(err == ERR_OK || fault.text[0] != '\0');
    assert_true(failed == (err != ERR_OK));
    if (err == ERR_OK) {
        assert_true(str_eq(config_text(&config, SETTING_DATA), STR("/from/file")));
        config_done(&config);
    }
    return failed;
}

static void settings_are_whole_or_refused(void **state)
{
    (void)state;
    const int fd = mkstemp(path);
    assert_true(fd != -1);
    sys_close(fd);
    assert_int_equal(sys_file_write(path, STR("data = \"/from/file\"\n[http]\norigins = "
                                              "[\"https://a.example\", \"https://b.example\"]\n")),
                     ERR_OK);
    assert_true(scarce_sweep(SCARCE_OURS, 1, load) > SETTINGS);
    assert_int_equal(unlink(path), 0);
}

/* ---- JSON ---- */

static bool parse(enum scarce_kind kind, uint64_t n)
{
    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};
    scarce_begin(kind, n);
    const enum err err =
        json_parse(STR("{\"text\":\"h\\u00e9llo\",\"a\":[1,2.5,{\"b\":[true,null]}],\"c\":\"d\"}"),
                   &root, &fault);
    const bool failed = scarce_end();
    assert_int_equal(err, failed ? ERR_NOMEM : ERR_OK);
    assert_true(failed == (root == NULL));
    json_free(root);
    return failed;
}

static void json_without_memory_is_no_bad_json(void **state)
{
    (void)state;
    assert_true(scarce_sweep(SCARCE_OURS, 1, parse) > 8);
}

/* ---- keys and tokens ---- */

static const struct str jwks = STR("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"s\",\"k\":"
                                   "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"},"
                                   "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"o\",\"x\":"
                                   "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
                                   "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\","
                                   "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                                   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}");

static struct buf good_token;

static bool verify(enum scarce_kind kind, uint64_t n)
{
    struct jwt_keys *keys = NULL;
    struct jwt_cache *cache = NULL;
    struct claims *claims = NULL;
    enum jwt_fault fault = JWT_BAD;
    scarce_begin(kind, n);
    enum err err = jwt_keys_new(&keys);
    if (err == ERR_OK) {
        err = jwt_keys_add_jwks(keys, jwks);
    }
    if (err == ERR_OK) {
        err = jwt_cache_new(4, &cache);
    }
    if (err == ERR_OK) {
        err = jwt_cache_verify(cache, keys, buf_str(&good_token), NOW_S, &claims, &fault);
    }
    const bool failed = scarce_end();
    /* What a library cannot do for want of memory must not let anybody in, nor say "expired". */
    assert_true(err == ERR_OK || err == ERR_NOMEM ||
                (kind == SCARCE_LIBRARIES && fault == JWT_BAD));
    assert_true(failed || err == ERR_OK);
    if (err == ERR_OK) {
        assert_true(str_eq(claims->sub, STR("u7")));
    } else {
        assert_null(claims);
    }
    claims_unref(claims);
    if (cache != NULL && err != ERR_OK) { // the same again, now that there is memory
        assert_int_equal(
            jwt_cache_verify(cache, keys, buf_str(&good_token), NOW_S, &claims, &fault), ERR_OK);
        claims_unref(claims);
    }
    jwt_cache_free(cache);
    jwt_keys_free(keys);
    return failed;
}

static bool sign(enum scarce_kind kind, uint64_t n)
{
    const struct str roles[] = {STR("host")};
    const struct str streams[] = {STR("demo-*")};
    const struct jwt_grant grant = {.sub = STR("u7"),
                                    .name = STR("Ann"),
                                    .roles = roles,
                                    .role_count = 1,
                                    .streams = streams,
                                    .stream_count = 1,
                                    .iat_s = NOW_S,
                                    .exp_s = NOW_S + 60};
    buf_reset(&good_token);
    buf_done(&good_token);
    buf_init(&good_token, MEM_OTHER, JWT_BYTES_MAX);
    scarce_begin(kind, n);
    const enum err err = jwt_sign(SECRET, &grant, &good_token);
    const bool failed = scarce_end();
    assert_true(err == ERR_OK || (failed && err == ERR_NOMEM));
    return failed;
}

static void tokens_are_good_or_there_is_no_memory(void **state)
{
    (void)state;
    assert_false(sign(SCARCE_OURS, 1000000));   // a library's first use makes what it keeps
    assert_false(verify(SCARCE_OURS, 1000000)); // for ever
    assert_true(scarce_sweep(SCARCE_OURS, 1, sign) > 2);
    assert_true(scarce_sweep(SCARCE_LIBRARIES, 1, sign) > 0);
    assert_true(scarce_sweep(SCARCE_OURS, 1, verify) > 4);
    assert_true(scarce_sweep(SCARCE_LIBRARIES, 1, verify) > 20);
    buf_done(&good_token);
}

/* ---- rules ---- */

static const struct str house =
    STR("{\"slow\":5,\"modes\":[\"unique\"],\"rules\":{\"caps\":{\"percent\":70}},"
        "\"terms\":[{\"text\":\"buy now\",\"match\":\"substring\"},"
        "{\"text\":\"scunthorpe\",\"match\":\"allow\"}]}");

static bool read_house(enum scarce_kind kind, uint64_t n)
{
    struct house_rules rules;
    struct house_json_fault fault = {.text = ""};
    scarce_begin(kind, n);
    const enum err err = house_json_read(house, &rules, &fault);
    const bool failed = scarce_end();
    assert_true(err == (failed ? ERR_NOMEM : ERR_OK));
    if (err == ERR_OK) {
        assert_int_equal(terms_count(rules.terms), 2);
        house_rules_done(&rules);
    }
    return failed;
}

static bool read_terms(enum scarce_kind kind, uint64_t n)
{
    struct terms *terms = NULL;
    struct term_list_fault fault;
    struct buf folded;
    buf_init(&folded, MEM_OTHER, 1024);
    scarce_begin(kind, n);
    const enum err err = term_list_read_file(STR("slur\nbuy now\tsubstring\n"), &terms, &fault);
    fold_text(STR("bu\xD1\x83 n0w"), &folded);
    const bool failed = scarce_end();
    assert_true(err == ERR_OK || (failed && err == ERR_NOMEM));
    if (err == ERR_OK && buf_ok(&folded)) {
        assert_int_equal(terms_judge(terms, buf_str(&folded)).outcome, OUTCOME_REFUSE);
    }
    terms_unref(terms);
    buf_done(&folded);
    return failed;
}

static void rules_are_whole_or_there_is_no_memory(void **state)
{
    (void)state;
    assert_true(scarce_sweep(SCARCE_OURS, 1, read_house) > 20);
    assert_true(scarce_sweep(SCARCE_OURS, 1, read_terms) > 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_whole_or_refused),
        cmocka_unit_test(json_without_memory_is_no_bad_json),
        cmocka_unit_test(tokens_are_good_or_there_is_no_memory),
        cmocka_unit_test(rules_are_whole_or_there_is_no_memory),
    };
    scarce_install();
    return cmocka_run_group_tests_name("codecs without memory", tests, NULL, NULL);
}
