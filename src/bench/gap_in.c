// SPDX-License-Identifier: Apache-2.0
#include "bench/gap_in.h"

#include "wire/json.h"

static bool get(const struct json *event, const char *name, int64_t *ret_number)
{
    return json_get_i64(json_member(event, name), ret_number);
}

bool gap_in_read(const struct json *event, struct witness_gap *ret_gap)
{
    int64_t from = 0, to = 0, carried = 0, shed = 0, removed = 0;
    const bool has_range = get(event, "from", &from) && get(event, "to", &to);
    const bool has_counts = get(event, "carried", &carried) && get(event, "shed", &shed) &&
                            get(event, "removed", &removed);
    if (!has_range || from < 0 || to < 0 || carried < 0 || shed < 0 || removed < 0) {
        return false;
    }
    *ret_gap = (struct witness_gap){.from = (uint64_t)from,
                                    .to = (uint64_t)to,
                                    .carried = (uint64_t)carried,
                                    .shed = (uint64_t)shed,
                                    .removed = (uint64_t)removed,
                                    .has_counts = has_counts};
    return true;
}
