// SPDX-License-Identifier: Apache-2.0
#include "api/etag.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>

void etag_write(char ret_etag[ETAG_LEN + 1], struct str bytes)
{
    (void)snprintf(ret_etag, ETAG_LEN + 1, "\"%016" PRIx64 "\"", hash_str(0, bytes));
}

bool etag_is_named(struct str header, struct str etag)
{
    if (str_eq(str_trim(header), STR("*"))) {
        return true;
    }
    while (header.len > 0) {
        struct str one = str_trim(str_cut(header, ',', &header));
        if (str_has_prefix(one, STR("W/"))) {
            one = (struct str){.at = one.at + 2, .len = one.len - 2};
        }
        if (one.len > 0 && str_eq(one, etag)) {
            return true;
        }
    }
    return false;
}
