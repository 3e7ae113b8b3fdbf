// SPDX-License-Identifier: Apache-2.0
/* Validity is the same whole, in two parts, and character by character. */
#include "fuzz.h"
#include "wire/utf8.h"

static bool is_valid_by_characters(struct str text, size_t *ret_count)
{
    size_t count = 0;
    while (text.len > 0) {
        uint32_t point;
        const size_t taken = utf8_next(text, &point);
        if (taken == 0) {
            return false;
        }
        must(taken <= 4 && taken <= text.len);
        must(point <= 0x10ffff && (point < 0xd800 || point > 0xdfff));
        text = (struct str){.at = text.at + taken, .len = text.len - taken};
        count++;
    }
    *ret_count = count;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    const bool is_valid = utf8_is_valid(input);
    size_t count = 0;
    must(is_valid_by_characters(input, &count) == is_valid);
    must(!is_valid || utf8_count(input) == count);

    const size_t cut = len / 2;
    const enum utf8_state half = utf8_run(UTF8_WHOLE, fuzz_str(bytes, cut));
    must((utf8_run(half, fuzz_str(bytes + cut, len - cut)) == UTF8_WHOLE) == is_valid);
    return 0;
}
