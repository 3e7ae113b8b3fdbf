// SPDX-License-Identifier: Apache-2.0
#include "serve/request.h"

struct str request_field(const struct request *request, const char *name)
{
    const struct str wanted = str_of(name);
    for (uint32_t i = 0; i < request->field_count; i++) {
        if (str_eq_nocase(request->fields[i].name, wanted)) {
            return request->fields[i].value;
        }
    }
    return STR_NONE;
}

uint32_t request_field_count(const struct request *request, const char *name)
{
    const struct str wanted = str_of(name);
    uint32_t count = 0;
    for (uint32_t i = 0; i < request->field_count; i++) {
        count += str_eq_nocase(request->fields[i].name, wanted) ? 1U : 0U;
    }
    return count;
}
