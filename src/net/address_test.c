// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include "net/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(struct str got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    assert_memory_equal(got.at, wanted, got.len);
}

static void test_reads_and_writes_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written, *key;
        bool is_v4, is_loopback;
    } rows[] = {
        {"127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1", true, true},
        {":80", "0.0.0.0:80", "0.0.0.0", true, false},
        {"[::1]:0", "[::1]:0", "::/64", false, true},
        {"[2001:db8:0:1:2:3:4:5]:65535", "[2001:db8:0:1:2:3:4:5]:65535", "2001:db8:0:1::/64", false,
         false},
        {"[::ffff:10.1.2.3]:1", "10.1.2.3:1", "10.1.2.3", true, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        char text[ADDRESS_TEXT_MAX];
        assert_int_equal(address_parse(str_of(rows[i].text), &address), ERR_OK);
        assert_text(address_write(&address, text), rows[i].written);
        assert_text(address_key(&address, text), rows[i].key);
        assert_int_equal(address_is_v4(&address), rows[i].is_v4);
        assert_int_equal(address_is_loopback(&address), rows[i].is_loopback);
    }
}

static void test_refuses_what_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:-1",
                                      "::1:80",
                                      "[::1]80",
                                      "256.0.0.1:1",
                                      "localhost:80",
                                      "127.0.0.1:80 ",
                                      "[::1:80",
                                      "[127.0.0.1",
                                      "1.2.3.4.5:80",
                                      ":",
                                      "[fe80::1%lo]:80"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct address address = {.port = 7};
        assert_int_equal(address_parse(str_of(bad[i]), &address), ERR_PROTO);
        assert_int_equal(address.port, 7);
    }
    struct address address;
    assert_int_equal(address_parse_ip(STR("127.0.0.1\0"), &address), ERR_PROTO);
}

static bool holds(const char *network_text, const char *ip)
{
    struct network network;
    struct address address;
    assert_int_equal(network_parse(str_of(network_text), &network), ERR_OK);
    assert_int_equal(address_parse_ip(str_of(ip), &address), ERR_OK);
    return network_holds(&network, &address);
}

static void test_networks(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "10.255.0.1"));
    assert_false(holds("10.0.0.0/8", "11.0.0.1"));
    assert_true(holds("10.1.2.3/8", "10.9.9.9")); // bits behind the prefix say nothing
    assert_true(holds("192.168.1.128/25", "192.168.1.200"));
    assert_false(holds("192.168.1.128/25", "192.168.1.127"));
    assert_true(holds("0.0.0.0/0", "8.8.8.8"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("::/0", "8.8.8.8")); // as ::ffff:8.8.8.8
    assert_true(holds("::1", "::1"));
    assert_false(holds("::1", "::2"));
    assert_true(holds("fd00::/9", "fd7f::1"));
    assert_false(holds("fd00::/9", "fd80::1"));
}

static void test_refuses_bad_networks(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "10.0.0.0/33",  "10.0.0.0/",
                                      "10.0.0.0/a", "::/129",       "10.0.0/8",
                                      "/8",         "10.0.0.0/8/8", "10.0.0.0/-1"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct network network;
        assert_int_equal(network_parse(str_of(bad[i]), &network), ERR_PROTO);
    }
}

static void test_knows_what_is_public(void **state)
{
    (void)state;
    static const char *const public[] = {"8.8.8.8",     "1.1.1.1",          "172.15.255.255",
                                         "172.32.0.1",  "100.63.0.1",       "2606:4700::1111",
                                         "192.167.1.1", "64:ff9b::808:808", "2002:808:808::1"};
    static const char *const other[] = {"127.0.0.1",
                                        "10.1.2.3",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.168.0.1",
                                        "169.254.169.254",
                                        "100.64.0.1",
                                        "0.0.0.0",
                                        "255.255.255.255",
                                        "224.0.0.1",
                                        "198.18.0.1",
                                        "203.0.113.9",
                                        "::1",
                                        "::",
                                        "fe80::1",
                                        "fc00::1",
                                        "fd12::1",
                                        "ff02::1",
                                        "::ffff:127.0.0.1",
                                        "::ffff:10.0.0.1",
                                        "64:ff9b::a00:1",
                                        "2002:a00:1::1",
                                        "2001:0:1::1",
                                        "2001:db8::1",
                                        "::127.0.0.1",
                                        "2002:7f00:1::",
                                        "64:ff9b:1::a00:1"};
    struct address address;
    for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
        assert_int_equal(address_parse_ip(str_of(public[i]), &address), ERR_OK);
        assert_true(address_is_public(&address));
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        assert_int_equal(address_parse_ip(str_of(other[i]), &address), ERR_OK);
        assert_false(address_is_public(&address));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knows_what_is_public), cmocka_unit_test(test_reads_and_writes_back),
        cmocka_unit_test(test_refuses_what_is_none), cmocka_unit_test(test_networks),
        cmocka_unit_test(test_refuses_bad_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
