// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/ballast.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "sys/sys.h"

#include <stddef.h>
#include <string.h>

static bool is_whole(const char *path)
{
    int fd = -1;
    uint64_t bytes = 0;
    if (sys_file_open_read(path, &fd) != ERR_OK) {
        return false;
    }
    const bool is_known = sys_file_size(fd, &bytes) == ERR_OK;
    sys_close(fd);
    return is_known && bytes == BALLAST_BYTES;
}

void ballast_init(struct ballast *ballast, const char *path)
{
    *ballast = (struct ballast){.path = path, .is_had = path == NULL || is_whole(path)};
}

bool ballast_give(struct ballast *ballast)
{
    if (ballast->path == NULL || !ballast->is_had || mutant(BALLAST_KEPT)) {
        return false;
    }
    ballast->is_had = false;
    if (sys_file_remove(ballast->path) != ERR_OK) {
        return false;
    }
    log_line(LOG_WARN, "the disk is full: its ballast is given up for acts of moderation",
             LOG_STR("file", str_of(ballast->path)));
    return true;
}

bool ballast_take(struct ballast *ballast)
{
    if (ballast->is_had) {
        return true;
    }
    char *bytes = mem_new(MEM_ENGINE, BALLAST_BYTES);
    if (bytes == NULL) {
        return false;
    }
    memset(bytes, 'b', BALLAST_BYTES); // a file of zeros may take no room
    ballast->is_had =
        sys_file_write(ballast->path, (struct str){.at = bytes, .len = BALLAST_BYTES}) == ERR_OK;
    mem_free(MEM_ENGINE, bytes);
    return ballast->is_had;
}
