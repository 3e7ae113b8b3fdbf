// SPDX-License-Identifier: Apache-2.0
/* store_check -- goes through a whole data folder that no server owns: every page, every row, and
 * whether what should agree does.
 *
 *      write-ahead log ─▶ pages ─▶ trees and indexes ─▶ rows ─▶ streams ─▶ comments ─▶ retries
 *      (then taken into the file, as a start would)
 *
 * Used by:  app's `roar check`; embedded.c after a damaged write-ahead log.
 * Thread:   its caller's.
 * Promise:  names each damage it can reach; changes nothing but that what the write-ahead log holds
 * stands in the file afterwards, and nothing at all when that log is damaged.
 */
#pragma once

#include "base/err.h"
#include "engine/embedded/store.h"
#include "engine/embedded/store_schema.h"

#include <stdint.h>

enum { STORE_CHECK_TEXT_MAX = 512, STORE_CHECK_DAMAGES_MAX = 1000 };

struct store_check {
    void (*on_damage)(const struct store_check *check, const char *text); // what and where
    void (*on_progress)(const struct store_check *check, const char *what, uint64_t done,
                        uint64_t total); // now and then
    void *user;
};

struct store_check_found {
    uint64_t pages, rows, streams, damages;
    struct epoch epoch; // empty: it could not be opened
};

/* `folder` as in embedded.h. ERR_OK: it was gone through, see ret_found->damages; ERR_EXISTS: a
 * server owns it; ERR_NOT_FOUND: it holds no log; ERR_NOMEM; ERR_SYS: `why` says what failed. */
MUST_USE enum err store_check_folder(const struct store_check *check, const char *folder,
                                     bool renew_epoch, struct store_check_found *ret_found,
                                     char why[STORE_CHECK_TEXT_MAX]);
/* All but the write-ahead log and the pages, of an open store. */
void store_check_contents(const struct store_check *check, struct store *store,
                          const struct store_identity *identity, struct store_check_found *found);
