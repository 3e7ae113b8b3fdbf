// SPDX-License-Identifier: Apache-2.0
#include "fault_disk.h"

#include "engine/embedded/store_layer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { FILES_MAX = 8, SECTOR = 512, PATH_LEN_MAX = 512 };

struct change { // that is not synced yet
    struct change *next;
    enum { CHANGE_WRITE, CHANGE_SIZE, CHANGE_DELETE } what;
    int64_t at; // of a write; the new size
    size_t len;
    uint8_t bytes[];
};

struct image { // of a file, on the disk
    uint8_t *bytes;
    size_t len;
    bool exists;
};

struct disk_file {
    char path[PATH_LEN_MAX];
    struct image durable;
    struct change *first, **last;
    bool is_known; // its image was taken when it was first opened
};

struct handle {
    struct store_layer_file layer; // first
    struct disk_file *file;
};

static struct store_layer layer;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* -- under lock -- */
static struct disk_file files[FILES_MAX];
static struct fault fault;
static bool is_armed, has_fired, is_off;
static uint64_t counts[FAULT_CALLS];
static uint64_t changes, cut_at;

const char *fault_disk_call_name(enum fault_call call)
{
    static const char *const names[FAULT_CALLS] = {"write",    "sync", "read", "open",
                                                   "truncate", "shm",  "size", "delete"};
    return names[call];
}

/* ---- images ---- */

static void image_free(struct image *image)
{
    free(image->bytes);
    *image = (struct image){.bytes = NULL};
}

static void image_resize(struct image *image, size_t len)
{
    uint8_t *bytes = realloc(image->bytes, len == 0 ? 1 : len);
    assert_non_null(bytes);
    if (len > image->len) {
        memset(bytes + image->len, 0, len - image->len);
    }
    image->bytes = bytes;
    image->len = len;
}

static void image_write(struct image *image, size_t at, const uint8_t *bytes, size_t len)
{
    if (at + len > image->len) {
        image_resize(image, at + len);
    }
    memcpy(image->bytes + at, bytes, len);
    image->exists = true;
}

static void image_apply(struct image *image, const struct change *change)
{
    switch (change->what) {
    case CHANGE_WRITE:
        image_write(image, (size_t)change->at, change->bytes, change->len);
        break;
    case CHANGE_SIZE:
        image_resize(image, (size_t)change->at);
        break;
    case CHANGE_DELETE:
        image_free(image);
        break;
    }
}

static void image_load(struct image *image, const char *path)
{
    FILE *in = fopen(path, "rb");
    uint8_t bytes[4096];
    size_t len = 0;
    if (in == NULL) {
        return;
    }
    image->exists = true;
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0) {
        image_write(image, image->len, bytes, len);
    }
    fclose(in);
}

static void image_save(const struct image *image, const char *path)
{
    if (!image->exists) {
        (void)unlink(path);
        return;
    }
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(image->bytes, 1, image->len, out), image->len);
    assert_int_equal(fclose(out), 0);
}

/* ---- files ---- */

static struct disk_file *file_named(const char *path)
{
    for (int i = 0; i < FILES_MAX; i++) {
        struct disk_file *file = &files[i];
        if (file->path[0] == '\0') {
            snprintf(file->path, sizeof(file->path), "%s", path);
            file->last = &file->first;
        }
        if (strcmp(file->path, path) == 0) {
            return file;
        }
    }
    fail_msg("more than %d files", FILES_MAX);
    return NULL;
}

static void forget_changes(struct disk_file *file)
{
    while (file->first != NULL) {
        struct change *change = file->first;
        file->first = change->next;
        free(change);
    }
    file->last = &file->first;
}

static void add_change(struct disk_file *file, int what, int64_t at, const void *bytes, size_t len)
{
    struct change *change = malloc(sizeof(*change) + len);
    assert_non_null(change);
    *change = (struct change){.what = what, .at = at, .len = len};
    if (len > 0) {
        memcpy(change->bytes, bytes, len);
    }
    *file->last = change;
    file->last = &change->next;
}

static void make_durable(struct disk_file *file)
{
    file->durable.exists = true;
    for (const struct change *change = file->first; change != NULL; change = change->next) {
        image_apply(&file->durable, change);
    }
    forget_changes(file);
}

/* ---- faults ---- */

/* SQLITE_OK: the call may go through. */
static int judge(enum fault_call call, int when_off)
{
    counts[call]++;
    if (is_off) {
        return when_off;
    }
    if (is_armed && fault.call == call && counts[call] >= fault.at &&
        counts[call] < fault.at + fault.count) {
        has_fired = true;
        return fault.code;
    }
    return SQLITE_OK;
}

/* As judge(), of a call that changes the disk: with it the power may go. */
static int judge_change(enum fault_call call, int when_off, bool *ret_goes_off)
{
    const int code = judge(call, when_off);
    changes += code == SQLITE_OK;
    *ret_goes_off = code == SQLITE_OK && cut_at != 0 && --cut_at == 0;
    is_off = is_off || *ret_goes_off;
    return *ret_goes_off ? when_off : code;
}

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)(void *)file;
}

static int on_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 at)
{
    struct handle *handle = handle_of(base);
    bool goes_off = false;
    pthread_mutex_lock(&lock);
    int code = judge_change(FAULT_WRITE, SQLITE_IOERR_WRITE, &goes_off);
    if (code == SQLITE_OK || goes_off) {
        add_change(handle->file, CHANGE_WRITE, at, bytes, (size_t)len);
    }
    if (code != SQLITE_OK && !goes_off && !is_off && fault.is_torn) {
        const int half = len > SECTOR ? len / SECTOR / 2 * SECTOR : len;
        add_change(handle->file, CHANGE_WRITE, at, bytes, (size_t)half);
        (void)handle->layer.real->pMethods->xWrite(handle->layer.real, bytes, half, at);
    }
    pthread_mutex_unlock(&lock);
    return code == SQLITE_OK
               ? handle->layer.real->pMethods->xWrite(handle->layer.real, bytes, len, at)
               : code;
}

static int on_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = handle_of(base);
    bool goes_off = false;
    (void)flags;
    pthread_mutex_lock(&lock);
    const int code = judge_change(FAULT_SYNC, SQLITE_IOERR_FSYNC, &goes_off);
    if (code == SQLITE_OK) {
        make_durable(handle->file);
    } else if (!is_off) { // the kernel gives up on those pages and shows them all the same
        forget_changes(handle->file);
    }
    pthread_mutex_unlock(&lock);
    return code;
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = handle_of(base);
    bool goes_off = false;
    pthread_mutex_lock(&lock);
    const int code = judge_change(FAULT_TRUNCATE, SQLITE_IOERR_TRUNCATE, &goes_off);
    if (code == SQLITE_OK || goes_off) {
        add_change(handle->file, CHANGE_SIZE, size, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return code == SQLITE_OK ? handle->layer.real->pMethods->xTruncate(handle->layer.real, size)
                             : code;
}

static int judge_alone(enum fault_call call, int when_off)
{
    pthread_mutex_lock(&lock);
    const int code = judge(call, when_off);
    pthread_mutex_unlock(&lock);
    return code;
}

static int on_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    const int code = judge_alone(FAULT_READ, SQLITE_IOERR_READ);
    return code == SQLITE_OK
               ? store_layer_real(file)->pMethods->xRead(store_layer_real(file), bytes, len, at)
               : code;
}

static int on_file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    const int code = judge_alone(FAULT_SIZE, SQLITE_IOERR_FSTAT);
    return code == SQLITE_OK
               ? store_layer_real(file)->pMethods->xFileSize(store_layer_real(file), ret_size)
               : code;
}

static int on_shm_map(sqlite3_file *file, int page, int size, int may_extend, void volatile **ret)
{
    const int code = judge_alone(FAULT_SHM, SQLITE_IOERR_SHMMAP);
    return code == SQLITE_OK ? store_layer_real(file)->pMethods->xShmMap(
                                   store_layer_real(file), page, size, may_extend, ret)
                             : code;
}

/* ---- opening ---- */

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *base, int flags, int *ret)
{
    (void)self;
    struct handle *handle = handle_of(base);
    *handle = (struct handle){.file = NULL};
    assert_non_null(name); // temporary files are kept in memory
    pthread_mutex_lock(&lock);
    const int code = judge(FAULT_OPEN, SQLITE_CANTOPEN);
    if (code == SQLITE_OK) {
        handle->file = file_named(name);
        if (!handle->file->is_known) {
            image_load(&handle->file->durable, name);
            handle->file->is_known = true;
        }
    }
    pthread_mutex_unlock(&lock);
    if (code != SQLITE_OK) {
        return code;
    }
    return store_layer_open(&layer, name, base, flags, ret);
}

static int on_delete(sqlite3_vfs *self, const char *name, int is_synced)
{
    (void)self;
    bool goes_off = false;
    pthread_mutex_lock(&lock);
    const int code = judge_change(FAULT_DELETE, SQLITE_IOERR_DELETE, &goes_off);
    if (code == SQLITE_OK || goes_off) {
        struct disk_file *file = file_named(name);
        add_change(file, CHANGE_DELETE, 0, NULL, 0);
        if (is_synced && code == SQLITE_OK) {
            make_durable(file);
            image_free(&file->durable);
        }
    }
    pthread_mutex_unlock(&lock);
    return code == SQLITE_OK ? layer.under->xDelete(layer.under, name, 0) : code;
}

void fault_disk_install(void)
{
    store_layer_init(&layer, "faulty", sizeof(struct handle));
    layer.methods.xRead = on_read;
    layer.methods.xWrite = on_write;
    layer.methods.xTruncate = on_truncate;
    layer.methods.xSync = on_sync;
    layer.methods.xFileSize = on_file_size;
    layer.methods.xShmMap = on_shm_map;
    layer.vfs.xOpen = on_open;
    layer.vfs.xDelete = on_delete;
    assert_int_equal(sqlite3_vfs_register(&layer.vfs, 1), SQLITE_OK);
}

void fault_disk_begin(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < FILES_MAX; i++) {
        forget_changes(&files[i]);
        image_free(&files[i].durable);
        files[i] = (struct disk_file){.path = ""};
    }
    is_armed = has_fired = is_off = false;
    changes = cut_at = 0;
    memset(counts, 0, sizeof(counts));
    pthread_mutex_unlock(&lock);
}

void fault_disk_arm(const struct fault *what)
{
    pthread_mutex_lock(&lock);
    is_armed = what != NULL;
    has_fired = false;
    if (what != NULL) {
        fault = *what;
    }
    memset(counts, 0, sizeof(counts));
    pthread_mutex_unlock(&lock);
}

static uint64_t read_locked(const uint64_t *number)
{
    pthread_mutex_lock(&lock);
    const uint64_t value = *number;
    pthread_mutex_unlock(&lock);
    return value;
}

static bool ask_locked(const bool *flag)
{
    pthread_mutex_lock(&lock);
    const bool value = *flag;
    pthread_mutex_unlock(&lock);
    return value;
}

uint64_t fault_disk_count(enum fault_call call)
{
    return read_locked(&counts[call]);
}

uint64_t fault_disk_changes(void)
{
    return read_locked(&changes);
}

bool fault_disk_has_fired(void)
{
    return ask_locked(&has_fired);
}

bool fault_disk_is_off(void)
{
    return ask_locked(&is_off);
}

void fault_disk_cut_at(uint64_t n)
{
    pthread_mutex_lock(&lock);
    cut_at = n;
    pthread_mutex_unlock(&lock);
}

/* ---- power ---- */

/* Of a write, each sector by itself. */
static void apply_sectors(struct image *image, const struct change *change, struct rand *rand)
{
    for (size_t done = 0; done < change->len;) {
        const size_t at = (size_t)change->at + done;
        const size_t room = SECTOR - at % SECTOR;
        const size_t len = change->len - done < room ? change->len - done : room;
        if (rand_below(rand, 2) == 0) {
            image_write(image, at, change->bytes + done, len);
        }
        done += len;
    }
}

static void apply_part(struct disk_file *file, enum fault_loss loss, struct rand *rand)
{
    uint64_t left = UINT64_MAX;
    if (loss == FAULT_KEEP_PREFIX) {
        uint64_t count = 0;
        for (const struct change *change = file->first; change != NULL; change = change->next) {
            count++;
        }
        left = rand_below(rand, count + 1);
    }
    for (const struct change *change = file->first; change != NULL; change = change->next) {
        const bool is_last = left == 0;
        if (loss == FAULT_LOSE_ALL || (is_last && change->what != CHANGE_WRITE)) {
            return;
        }
        if (change->what == CHANGE_WRITE && (loss == FAULT_KEEP_SECTORS || is_last)) {
            apply_sectors(&file->durable, change, rand);
        } else if (loss != FAULT_KEEP_SECTORS || rand_below(rand, 2) == 0) {
            image_apply(&file->durable, change);
        }
        if (is_last) {
            return; // the one that tore
        }
        left--;
    }
}

void fault_disk_power_back(enum fault_loss loss, struct rand *rand)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < FILES_MAX && files[i].path[0] != '\0'; i++) {
        apply_part(&files[i], loss, rand);
        forget_changes(&files[i]);
        image_save(&files[i].durable, files[i].path);
    }
    is_off = false;
    cut_at = 0;
    pthread_mutex_unlock(&lock);
}
