// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_pages.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/must.h"
#include "engine/embedded/store_layer.h"
#include "engine/embedded/store_wal.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

/* The file's header (sqlite.org/fileformat2.html section 1.3). */
enum { HEADER_LEN = 100, RESERVED_AT = 20, VERSION_AT = 63, APPLICATION_AT = 68 };
enum { SUMMED = STORE_PAGES_BYTES - STORE_PAGES_SUM_BYTES, TOLD_MAX = 64 };
static const char APPLICATION[] = {'R', 'o', 'a', 'r'};

struct file {
    struct store_layer_file layer; // first
    const char *name;              // SQLite's, as long as the file is open; NULL: it has none
    bool is_log;
    bool is_summed; // the log's file, with a sum in each page
    bool is_wal;
};

static struct store_layer layer;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic uint64_t damaged;        // relaxed: a counter
static _Atomic uint64_t told[TOLD_MAX]; // relaxed: what was named in the log; full: no more is
static _Atomic uint32_t told_count;

static struct file *file_of(sqlite3_file *file)
{
    return (struct file *)(void *)file;
}

/* ---- sums ---- */

static uint64_t sum_of(const uint8_t *page, uint64_t number)
{
    return hash_bytes(number, page, SUMMED);
}

static bool is_empty(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, STORE_PAGES_BYTES - 1) == 0;
}

/* A page that was allotted and never written is all zero; no tree takes it for one of its own. */
bool store_pages_is_whole(const uint8_t *page, uint64_t number)
{
    uint64_t sum = 0;
    memcpy(&sum, page + SUMMED, sizeof(sum));
    return sum == sum_of(page, number) || is_empty(page);
}

/* True: not told before. */
static bool is_news(uint64_t what)
{
    const uint32_t count = atomic_load_explicit(&told_count, memory_order_relaxed);
    for (uint32_t i = 0; i < count && i < TOLD_MAX; i++) {
        if (atomic_load_explicit(&told[i], memory_order_relaxed) == what) {
            return false;
        }
    }
    if (count >= TOLD_MAX) {
        return false;
    }
    const uint32_t place = atomic_fetch_add_explicit(&told_count, 1, memory_order_relaxed);
    if (place < TOLD_MAX) {
        atomic_store_explicit(&told[place], what, memory_order_relaxed);
    }
    return place < TOLD_MAX;
}

static int refuse(const struct file *file, const char *what, uint64_t number)
{
    const struct str name = str_of(file->name == NULL ? "" : file->name);
    atomic_fetch_add_explicit(&damaged, 1, memory_order_relaxed);
    if (is_news(hash_str(number, name))) {
        log_line(LOG_ERROR, "the store is damaged and what it holds there is not served",
                 LOG_STR("file", name), LOG_I64(what, number));
    }
    return SQLITE_IOERR_DATA;
}

/* ---- a file ---- */

/* `page` was read at `at` of the WAL: its head stands before it, the sum it goes on from in the
 * head of the frame before that, or in the WAL's own. */
static int check_frame(struct file *file, const uint8_t *page, int64_t at)
{
    uint8_t head[STORE_WAL_FRAME_LEN];
    uint8_t before[STORE_WAL_SUM_LEN];
    const int64_t head_at = at - STORE_WAL_FRAME_LEN;
    const int64_t back = head_at == STORE_WAL_HEADER_LEN ? 0 : STORE_PAGES_BYTES;
    int code = file->layer.real->pMethods->xRead(file->layer.real, head, sizeof(head), head_at);
    if (code == SQLITE_OK) {
        code = file->layer.real->pMethods->xRead(file->layer.real, before, sizeof(before),
                                                 head_at - back - STORE_WAL_SUM_LEN);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    return store_wal_frame_matches(before, head, page, STORE_PAGES_BYTES)
               ? SQLITE_OK
               : refuse(file, "offset", (uint64_t)at);
}

static int on_read(sqlite3_file *handle, void *bytes, int len, sqlite3_int64 at)
{
    struct file *file = file_of(handle);
    const int code = file->layer.real->pMethods->xRead(file->layer.real, bytes, len, at);
    if (code != SQLITE_OK || len != STORE_PAGES_BYTES) {
        return code;
    }
    if (file->is_wal) {
        return check_frame(file, bytes, at);
    }
    const uint64_t number = (uint64_t)at / STORE_PAGES_BYTES + 1;
    if (file->is_summed && !store_pages_is_whole(bytes, number)) {
        return refuse(file, "page", number);
    }
    return SQLITE_OK;
}

static int on_write(sqlite3_file *handle, const void *bytes, int len, sqlite3_int64 at)
{
    struct file *file = file_of(handle);
    uint8_t page[STORE_PAGES_BYTES];
    if (at == 0 && len == STORE_PAGES_BYTES && file->is_log) {
        /* Made anew: what the power cut left of its first making may have had no mark. */
        const uint8_t reserved = ((const uint8_t *)bytes)[RESERVED_AT];
        file->is_summed = file->is_summed || reserved == STORE_PAGES_SUM_BYTES;
    }
    if (!file->is_summed || len != STORE_PAGES_BYTES) {
        return file->layer.real->pMethods->xWrite(file->layer.real, bytes, len, at);
    }
    memcpy(page, bytes, SUMMED);
    const uint64_t sum = sum_of(page, (uint64_t)at / STORE_PAGES_BYTES + 1);
    memcpy(page + SUMMED, &sum, sizeof(sum));
    return file->layer.real->pMethods->xWrite(file->layer.real, page, len, at);
}

/* ---- opening ---- */

/* Two marks, far apart: no one flipped bit turns the sums off. Another program's database has
 * neither, nor has a file of format 1; what is no database at all SQLite refuses. */
static bool is_ours(sqlite3_file *real)
{
    uint8_t header[HEADER_LEN];
    sqlite3_int64 size = 0;
    if (real->pMethods->xFileSize(real, &size) != SQLITE_OK || size == 0 ||
        real->pMethods->xRead(real, header, sizeof(header), 0) != SQLITE_OK) {
        return true;
    }
    return header[RESERVED_AT] == STORE_PAGES_SUM_BYTES ||
           (memcmp(header + APPLICATION_AT, APPLICATION, sizeof(APPLICATION)) == 0 &&
            header[VERSION_AT] >= 2);
}

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *handle, int flags,
                   int *ret_flags)
{
    (void)self;
    struct file *file = file_of(handle);
    *file = (struct file){.name = name, .is_wal = (flags & SQLITE_OPEN_WAL) != 0};
    const int code = store_layer_open(&layer, name, handle, flags, ret_flags);
    if (code != SQLITE_OK) {
        return code;
    }
    file->is_log = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    file->is_summed = file->is_log && is_ours(file->layer.real);
    return SQLITE_OK;
}

static void make(void)
{
    store_layer_init(&layer, "roar-pages", sizeof(struct file));
    layer.methods.xRead = on_read;
    layer.methods.xWrite = on_write;
    layer.vfs.xOpen = on_open;
    must(sqlite3_vfs_register(&layer.vfs, 0) == SQLITE_OK);
}

const char *store_pages_vfs(void)
{
    must(pthread_once(&once, make) == 0);
    return layer.vfs.zName;
}

bool store_pages_is_damage(int code)
{
    return code == SQLITE_IOERR_DATA || (code & 0xff) == SQLITE_CORRUPT;
}

uint64_t store_pages_damaged(void)
{
    return atomic_load_explicit(&damaged, memory_order_relaxed);
}
