// SPDX-License-Identifier: Apache-2.0
#include "wire/accept_encoding.h"

/* "0", "0.", "0.0", "0.00", "0.000"; a weight that is none counts as refused. */
static bool is_above_zero(struct str weight)
{
    bool above = false;
    if (weight.len == 0 || weight.len > 5 || (weight.at[0] != '0' && weight.at[0] != '1') ||
        (weight.len > 1 && weight.at[1] != '.')) {
        return false;
    }
    above = weight.at[0] == '1';
    for (size_t i = 2; i < weight.len; i++) {
        if (weight.at[i] < '0' || weight.at[i] > '9') {
            return false;
        }
        above = above || weight.at[i] != '0';
    }
    return above;
}

static bool is_wanted(struct str parameters)
{
    while (parameters.len > 0) {
        struct str value;
        const struct str one = str_cut(parameters, ';', &parameters);
        const struct str name = str_trim(str_cut(one, '=', &value));
        if (str_eq_nocase(name, STR("q"))) {
            return is_above_zero(str_trim(value));
        }
    }
    return true;
}

bool accept_encoding_takes(struct str value, struct str coding)
{
    bool takes_any = false;
    while (value.len > 0) {
        struct str parameters;
        const struct str one = str_cut(value, ',', &value);
        const struct str named = str_trim(str_cut(one, ';', &parameters));
        if (str_eq_nocase(named, coding)) {
            return is_wanted(parameters);
        }
        if (str_eq(named, STR("*"))) {
            takes_any = is_wanted(parameters);
        }
    }
    return takes_any;
}
