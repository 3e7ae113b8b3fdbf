// SPDX-License-Identifier: Apache-2.0
#include "api/asset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#define ZLIB_CONST // next_in is only read, and then says so
#include <zlib.h>

static const struct asset *find(const char *path)
{
    return asset_find(path, strlen(path));
}

static bool etag_is_strong(const struct asset_body *body)
{
    size_t count = strlen(body->etag);
    return count > 2 && body->etag[0] == '"' && body->etag[count - 1] == '"';
}

static void the_page_is_at_the_root(void **state)
{
    (void)state;
    const struct asset *page = find("/");
    assert_non_null(page);
    assert_string_equal(page->type, "text/html; charset=utf-8");
    assert_string_equal(page->cache, "no-cache");
    assert_memory_equal(page->plain.bytes, "<!doctype html>", strlen("<!doctype html>"));
}

static void the_studio_is_apart_and_linked_nowhere(void **state)
{
    (void)state;
    const struct asset *studio = find("/studio");
    const struct asset *page = find("/");
    assert_non_null(studio);
    assert_string_equal(studio->type, "text/html; charset=utf-8");
    assert_string_equal(studio->cache, "no-cache");
    assert_null(memmem(page->plain.bytes, page->plain.bytes_count, "studio", strlen("studio")));
}

static void every_entry_is_found_by_its_path(void **state)
{
    (void)state;
    assert_true(asset_table_count >= 3);
    for (size_t i = 0; i < asset_table_count; i++) {
        assert_ptr_equal(find(asset_table[i].path), &asset_table[i]);
    }
}

static void a_path_must_match_whole(void **state)
{
    (void)state;
    assert_null(find(""));
    assert_null(find("/assets"));
    assert_null(find("/assets/"));
    assert_null(find("/~"));
    assert_null(asset_find("/\0", 2));
    assert_ptr_equal(asset_find("/?stream=demo", 1), find("/"));
}

static void entries_are_sorted_and_typed(void **state)
{
    (void)state;
    for (size_t i = 0; i < asset_table_count; i++) {
        const struct asset *asset = &asset_table[i];
        assert_true(i == 0 || strcmp(asset_table[i - 1].path, asset->path) < 0);
        assert_true(strlen(asset->type) > 0);
        assert_true(asset->plain.bytes_count > 0);
        assert_true(etag_is_strong(&asset->plain));
        bool is_hashed = strncmp(asset->path, "/assets/", strlen("/assets/")) == 0;
        assert_int_equal(strstr(asset->cache, "immutable") != NULL, is_hashed);
    }
}

static void codings_are_smaller_and_named_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < asset_table_count; i++) {
        const struct asset *asset = &asset_table[i];
        if (asset->gzip.bytes != NULL) {
            assert_true(asset->gzip.bytes_count < asset->plain.bytes_count);
            assert_true(etag_is_strong(&asset->gzip));
            assert_string_not_equal(asset->gzip.etag, asset->plain.etag);
        }
        if (asset->brotli.bytes != NULL) {
            assert_true(asset->brotli.bytes_count < asset->plain.bytes_count);
            assert_true(etag_is_strong(&asset->brotli));
            assert_string_not_equal(asset->brotli.etag, asset->plain.etag);
        }
    }
}

static void gzip_gives_the_plain_bytes_back(void **state)
{
    (void)state;
    const struct asset *page = find("/");
    assert_non_null(page);
    assert_non_null(page->gzip.bytes);
    uint8_t *plain = test_malloc(page->plain.bytes_count);
    z_stream inflater = {.next_in = page->gzip.bytes,
                         .avail_in = (uInt)page->gzip.bytes_count,
                         .next_out = plain,
                         .avail_out = (uInt)page->plain.bytes_count};
    assert_int_equal(inflateInit2(&inflater, MAX_WBITS + 16), Z_OK);
    assert_int_equal(inflate(&inflater, Z_FINISH), Z_STREAM_END);
    assert_int_equal(inflater.total_out, page->plain.bytes_count);
    assert_memory_equal(plain, page->plain.bytes, page->plain.bytes_count);
    inflateEnd(&inflater);
    test_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_at_the_root),
        cmocka_unit_test(the_studio_is_apart_and_linked_nowhere),
        cmocka_unit_test(every_entry_is_found_by_its_path),
        cmocka_unit_test(a_path_must_match_whole),
        cmocka_unit_test(entries_are_sorted_and_typed),
        cmocka_unit_test(codings_are_smaller_and_named_apart),
        cmocka_unit_test(gzip_gives_the_plain_bytes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
