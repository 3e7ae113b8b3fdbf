// SPDX-License-Identifier: Apache-2.0
/* What a URL says is UTF-8, and is said again by what url_write() makes of it. */
#include "fuzz.h"
#include "wire/url.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    struct buf said = fuzz_buf();
    struct buf text = fuzz_buf();
    struct buf again = fuzz_buf();
    if (url_decode(input, &said) == ERR_OK) {
        must(utf8_is_valid(buf_str(&said)));
        url_write(&text, buf_str(&said));
        must(url_decode(buf_str(&text), &again) == ERR_OK);
        must(str_eq(buf_str(&again), buf_str(&said)));
    }
    buf_reset(&said);
    if (url_param(input, "a", &said) == ERR_OK) {
        must(utf8_is_valid(buf_str(&said)));
    }
    buf_done(&said);
    buf_done(&text);
    buf_done(&again);
    return 0;
}
