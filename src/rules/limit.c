// SPDX-License-Identifier: Apache-2.0
#include "rules/limit.h"

static enum err parse_window(struct str text, uint32_t *ret_window_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};

    size_t digits = 0;
    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9') {
        digits++;
    }
    uint64_t value = 0;
    const struct str number = {.at = text.at, .len = digits};
    const struct str unit = {.at = text.at + digits, .len = text.len - digits};
    if (!str_to_u64(number, LIMIT_WINDOW_MS_MAX, &value) || value == 0) {
        return ERR_PROTO;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (str_eq(unit, str_of(units[i].name)) && value * units[i].ms <= LIMIT_WINDOW_MS_MAX) {
            *ret_window_ms = (uint32_t)(value * units[i].ms);
            return ERR_OK;
        }
    }
    return ERR_PROTO;
}

enum err limit_parse(struct str text, struct limit *ret_limit)
{
    if (str_eq(text, STR("0"))) {
        *ret_limit = (struct limit){0};
        return ERR_OK;
    }
    struct str window = STR_NONE;
    const struct str count_text = str_cut(text, '/', &window);
    uint64_t count = 0;
    uint32_t window_ms = 0;
    if (!str_to_u64(count_text, LIMIT_COUNT_MAX, &count) || count == 0 || window.len == 0) {
        return ERR_PROTO;
    }
    TRY(parse_window(window, &window_ms));

    *ret_limit = (struct limit){.count = (uint32_t)count, .window_ms = window_ms};
    return ERR_OK;
}
