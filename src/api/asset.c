// SPDX-License-Identifier: Apache-2.0
#include "api/asset.h"

#include <string.h>

/* As strcmp(), where `path` ends by its count and `name` by its NUL. */
static int path_compare(const char *path, size_t path_bytes, const char *name)
{
    size_t name_bytes = strlen(name);
    size_t common_bytes = path_bytes < name_bytes ? path_bytes : name_bytes;
    int order = memcmp(path, name, common_bytes);
    if (order != 0) {
        return order;
    }
    return (path_bytes > name_bytes) - (path_bytes < name_bytes);
}

const struct asset *asset_find(const char *path, size_t path_bytes)
{
    size_t low = 0;
    size_t high = asset_table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = path_compare(path, path_bytes, asset_table[middle].path);
        if (order == 0) {
            return &asset_table[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
