// SPDX-License-Identifier: Apache-2.0
/* What a client may say of what it can decode: Sec-WebSocket-Extensions and Accept-Encoding. An
 * offer that is accepted is accepted in any list; a coding that is refused stays refused. */
#include "fuzz.h"
#include "wire/accept_encoding.h"
#include "wire/ws_extension.h"

static void stays_accepted_in_a_list(struct str value)
{
    static const char *const around[][2] = {{"", ", foo"}, {"foo;bar=\"baz\" ,", ""}};
    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
        struct buf list = fuzz_buf();
        bool deflates = false;
        buf_add_str(&list, str_of(around[i][0]));
        buf_add_str(&list, value);
        buf_add_str(&list, str_of(around[i][1]));
        must(ws_extension_choose(buf_str(&list), &deflates) == ERR_OK && deflates);
        buf_done(&list);
    }
}

static void a_refused_coding_stays_refused(struct str value)
{
    struct buf list = fuzz_buf();
    buf_add_str(&list, STR("gzip;q=0,"));
    buf_add_str(&list, value);
    must(!accept_encoding_takes(buf_str(&list), STR("gzip")));
    buf_reset(&list);
    buf_add_str(&list, STR("gzip,"));
    buf_add_str(&list, value);
    must(accept_encoding_takes(buf_str(&list), STR("gzip")));
    buf_done(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    bool deflates = false;
    const enum err err = ws_extension_choose(input, &deflates);
    must(err == ERR_OK || (err == ERR_PROTO && !deflates));
    if (deflates) {
        stays_accepted_in_a_list(input);
    }
    (void)accept_encoding_takes(input, STR("gzip"));
    a_refused_coding_stays_refused(input);
    return 0;
}
