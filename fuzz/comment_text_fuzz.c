// SPDX-License-Identifier: Apache-2.0
/* A text that is kept is within every limit, and is kept again as it is. */
#include "fuzz.h"
#include "rules/comment_text.h"
#include "wire/utf8.h"

#include <string.h>

static const struct text_limits *const usual = &comment_text_limits_usual;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *why = NULL;
    struct buf kept = fuzz_buf();
    struct buf again = fuzz_buf();
    if (comment_text_keep(fuzz_str(bytes, len), usual, &kept, &why) == TEXT_OK) {
        const struct str text = buf_str(&kept);
        must(text.len > 0 && text.len <= usual->bytes);
        must(utf8_is_valid(text) && utf8_count(text) <= usual->points);
        must(memchr(text.at, '\r', text.len) == NULL && memchr(text.at, '\0', text.len) == NULL);
        must(comment_text_keep(text, usual, &again, &why) == TEXT_OK);
        must(str_eq(buf_str(&again), text));
    } else {
        must(kept.len == 0 && why != NULL);
    }
    buf_done(&kept);
    buf_done(&again);
    return 0;
}
