// SPDX-License-Identifier: Apache-2.0
/* Parsing survives anything; any bytes can be written as a string, on one line, that parses, and
 * valid UTF-8 comes back as it was. */
#include "fuzz.h"
#include "wire/json.h"
#include "wire/utf8.h"

#include <string.h>

static void any_bytes_can_be_written(struct str input)
{
    struct buf text = fuzz_buf();
    json_write_str(&text, input);
    must(buf_ok(&text));
    must(memchr(text.bytes, '\n', text.len) == NULL && memchr(text.bytes, '\r', text.len) == NULL);

    struct json *root = NULL;
    struct json_fault fault;
    must(json_parse(buf_str(&text), &root, &fault) == ERR_OK);
    struct str again;
    must(json_get_str(root, &again));
    must(!utf8_is_valid(input) || str_eq(again, input));
    json_free(root);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct str input = fuzz_str(bytes, len);
    struct json *root = NULL;
    struct json_fault fault = {.detail = ""};
    const enum err err = json_parse(input, &root, &fault);
    must(err == ERR_OK || err == ERR_PROTO);
    must(err == ERR_OK || fault.detail[0] != '\0');
    must(err != ERR_OK || utf8_is_valid(input));
    json_free(root);
    any_bytes_can_be_written(input);
    return 0;
}
