// SPDX-License-Identifier: Apache-2.0
/* Bytes have one spelling: what can be read is written back as it was. */
#include "fuzz.h"
#include "wire/base64.h"

static void one_spelling(enum base64_kind kind, struct str text)
{
    struct buf bytes = fuzz_buf();
    struct buf again = fuzz_buf();
    if (base64_read(&bytes, kind, text) == ERR_OK) {
        base64_write(&again, kind, buf_str(&bytes));
        must(str_eq(buf_str(&again), text));
    }
    buf_done(&bytes);
    buf_done(&again);
}

static void any_bytes_come_back(enum base64_kind kind, struct str bytes)
{
    struct buf text = fuzz_buf();
    struct buf again = fuzz_buf();
    base64_write(&text, kind, bytes);
    must(base64_read(&again, kind, buf_str(&text)) == ERR_OK);
    must(str_eq(buf_str(&again), bytes));
    buf_done(&text);
    buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    one_spelling(BASE64_STANDARD, input);
    one_spelling(BASE64_URL, input);
    any_bytes_come_back(BASE64_STANDARD, input);
    any_bytes_come_back(BASE64_URL, input);
    return 0;
}
