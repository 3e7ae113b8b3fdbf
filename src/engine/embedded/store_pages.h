// SPDX-License-Identifier: Apache-2.0
/* store_pages -- every page of the log's file under a checksum: a layer of SQLite's (a VFS) between
 * it and the disk.
 *
 * A row has a sum of its own, but a flipped bit elsewhere lies without one: in an index it hides a
 * row, in `streams` it takes back a head so that a seq is used twice, in `dedupe` it lets a retry
 * pass. So each page carries its sum in the bytes SQLite leaves free at its end, set when it is
 * written to the file and compared whenever it is read; and a frame of the WAL, whose own sum
 * SQLite compares only when it opens one, is compared whenever it is read, so that a checkpoint
 * copies no damage into the file.
 *
 *      roar.db       page ......................................... | sum 8
 *                    sum = XXH3 of the page without it, keyed by the page's number
 *      roar.db-wal   as SQLite makes it
 *
 * Used by:  store.c; what opens the file without it reads it like any database.
 * Thread:   any.
 * Promise:  what does not match its sum is never handed to SQLite: SQLITE_IOERR_DATA, and the log
 * names file and page, once each.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { STORE_PAGES_BYTES = 4096, STORE_PAGES_SUM_BYTES = 8 };

/* The layer's name for sqlite3_open_v2(), over what is SQLite's default when it is first asked. */
const char *store_pages_vfs(void);
/* Does a page of the file match its sum (or was it never written)? */
bool store_pages_is_whole(const uint8_t *page, uint64_t number);
/* True: SQLite's extended code says that bytes were read which are not what was written. */
bool store_pages_is_damage(int code);
/* How often that was met since the process began. */
uint64_t store_pages_damaged(void);
