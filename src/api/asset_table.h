// SPDX-License-Identifier: Apache-2.0
/* asset_table -- what tools/embed writes: every asset, sorted by path.
 *
 * Owns:     the bytes.
 * Used by:  asset.c.
 * Thread:   any; read-only.
 * Bound:    asset_table_count entries.
 * Promise:  paths are unique and in strcmp() order.
 */
#pragma once

#include "api/asset.h"

extern const struct asset asset_table[];
extern const size_t asset_table_count;
