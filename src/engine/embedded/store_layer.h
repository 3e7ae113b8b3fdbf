// SPDX-License-Identifier: Apache-2.0
/* store_layer -- a layer between SQLite and the disk (a VFS) that hands on whatever it is asked, to
 * what was SQLite's default before: who makes one minds some calls by itself.
 *
 *      SQLite ──▶ file: { struct store_layer_file, what the layer knows of it }{ the file beneath }
 *
 * Used by:  store_pages.c; tests/faults/fault_disk.c.
 * Thread:   any once it is registered; of a file as SQLite has it.
 */
#pragma once

#include <sqlite3.h>

struct store_layer {
    sqlite3_vfs vfs; // to be registered, with an xOpen that calls store_layer_open()
    sqlite3_vfs *under;
    sqlite3_io_methods methods; // of its files
    int own_bytes;
};

struct store_layer_file {
    sqlite3_file base;  // first
    sqlite3_file *real; // beneath
};

/* `own_bytes` of each file are the layer's. Paths, time and chance are those of what is beneath. */
void store_layer_init(struct store_layer *layer, const char *name, int own_bytes);
/* As xOpen is asked. Not SQLITE_OK: there is nothing to be closed. */
int store_layer_open(struct store_layer *layer, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags);
sqlite3_file *store_layer_real(sqlite3_file *file);
