// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_layer.h"

#include "base/must.h"

#include <stddef.h>

sqlite3_file *store_layer_real(sqlite3_file *file)
{
    return ((struct store_layer_file *)(void *)file)->real;
}

static int on_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    return store_layer_real(file)->pMethods->xRead(store_layer_real(file), bytes, len, at);
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    return store_layer_real(file)->pMethods->xWrite(store_layer_real(file), bytes, len, at);
}

static int on_close(sqlite3_file *file)
{
    return store_layer_real(file)->pMethods->xClose(store_layer_real(file));
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return store_layer_real(file)->pMethods->xTruncate(store_layer_real(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    return store_layer_real(file)->pMethods->xSync(store_layer_real(file), flags);
}

static int on_file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    return store_layer_real(file)->pMethods->xFileSize(store_layer_real(file), ret_size);
}

static int on_lock(sqlite3_file *file, int level)
{
    return store_layer_real(file)->pMethods->xLock(store_layer_real(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
    return store_layer_real(file)->pMethods->xUnlock(store_layer_real(file), level);
}

static int on_check_reserved(sqlite3_file *file, int *ret_is_reserved)
{
    return store_layer_real(file)->pMethods->xCheckReservedLock(store_layer_real(file),
                                                                ret_is_reserved);
}

static int on_control(sqlite3_file *file, int what, void *about)
{
    return store_layer_real(file)->pMethods->xFileControl(store_layer_real(file), what, about);
}

static int on_sector_size(sqlite3_file *file)
{
    return store_layer_real(file)->pMethods->xSectorSize(store_layer_real(file));
}

static int on_device(sqlite3_file *file)
{
    return store_layer_real(file)->pMethods->xDeviceCharacteristics(store_layer_real(file));
}

static int on_shm_map(sqlite3_file *file, int page, int size, int may_extend, void volatile **ret)
{
    return store_layer_real(file)->pMethods->xShmMap(store_layer_real(file), page, size, may_extend,
                                                     ret);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return store_layer_real(file)->pMethods->xShmLock(store_layer_real(file), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
    store_layer_real(file)->pMethods->xShmBarrier(store_layer_real(file));
}

static int on_shm_unmap(sqlite3_file *file, int is_to_delete)
{
    return store_layer_real(file)->pMethods->xShmUnmap(store_layer_real(file), is_to_delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, // the third maps pages, and they would be read past xRead
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_file_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_device,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

void store_layer_init(struct store_layer *layer, const char *name, int own_bytes)
{
    layer->under = sqlite3_vfs_find(NULL);
    must(layer->under != NULL);
    layer->methods = methods;
    layer->own_bytes = own_bytes;
    layer->vfs = *layer->under; // it is given as `self`, and needs no more of it
    layer->vfs.pNext = NULL;
    layer->vfs.zName = name;
    layer->vfs.szOsFile = own_bytes + layer->under->szOsFile;
}

int store_layer_open(struct store_layer *layer, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    struct store_layer_file *own = (struct store_layer_file *)(void *)file;
    own->real = (sqlite3_file *)(void *)((char *)file + layer->own_bytes);
    own->real->pMethods = NULL;
    own->base.pMethods = NULL; // SQLite does not close it
    const int code = layer->under->xOpen(layer->under, name, own->real, flags, ret_flags);
    if (code == SQLITE_OK) {
        own->base.pMethods = &layer->methods;
    } else if (own->real->pMethods != NULL) {
        (void)own->real->pMethods->xClose(own->real);
    }
    return code;
}
