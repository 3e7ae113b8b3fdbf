// SPDX-License-Identifier: Apache-2.0
/* Settings are read within their bounds, or refused with a place and a reason. */
#include "fuzz.h"
#include "wire/toml.h"
#include "wire/utf8.h"

static bool check(void *user, const struct toml_pair *pair)
{
    uint32_t *last_line = user;
    must(pair->line >= *last_line && pair->column > 0);
    must(pair->value_line >= pair->line && pair->value_column > 0);
    must(pair->key.len > 0 && pair->key.len <= TOML_NAME_MAX && pair->table.len <= TOML_NAME_MAX);
    must(pair->text.len <= TOML_TEXT_MAX && utf8_is_valid(pair->text));
    must(pair->item_count <= TOML_ITEMS_MAX);
    for (uint32_t i = 0; i < pair->item_count; i++) {
        must(pair->items[i].len <= TOML_TEXT_MAX && utf8_is_valid(pair->items[i]));
    }
    *last_line = pair->line;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint32_t last_line = 1;
    struct toml_fault fault = {.why = NULL};
    const struct toml_reader reader = {.pair = check, .user = &last_line};
    const enum err err = toml_read(fuzz_str(bytes, len), &reader, &fault);
    must(err == ERR_OK || err == ERR_PROTO);
    must(err == ERR_OK || (fault.why != NULL && fault.line > 0 && fault.column > 0));
    return 0;
}
