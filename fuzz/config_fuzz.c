// SPDX-License-Identifier: Apache-2.0
/* A file of settings is loaded whole, within every bound the table names, or refused with a
 * sentence; and what was loaded is loaded again when it is given as flags. */
#include "app/config.h"
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static void check_bounds(const struct config *config)
{
    for (int id = 0; id < SETTINGS; id++) {
        const struct setting *setting = &setting_table[id];
        const struct setting_value *value = &config->values[id];
        must(setting->kind != SETTING_NUMBER ||
             (value->number >= setting->min && value->number <= setting->max));
        must(setting->kind != SETTING_RATE || value->rate.count <= LIMIT_COUNT_MAX);
        must(setting->kind != SETTING_CHOICE || value->text.len > 0);
    }
}

/* A list's items may hold what a flag cannot say. */
static bool fits_a_flag(const struct config *config, int id)
{
    const struct str text = config->values[id].text;
    return setting_table[id].kind != SETTING_LIST &&
           (text.len == 0 || memchr(text.at, '\0', text.len) == NULL);
}

static void comes_back_as_flags(const struct config *config)
{
    char *texts[SETTINGS] = {NULL};
    struct config_flag flags[SETTINGS];
    uint32_t count = 0;
    for (int id = 0; id < SETTINGS; id++) {
        if (fits_a_flag(config, id)) {
            const struct str text = config->values[id].text;
            texts[id] = mem_copy_text(MEM_OTHER, text.at, text.len);
            must(texts[id] != NULL);
            flags[count++] = (struct config_flag){.id = (enum setting_id)id, .value = texts[id]};
        }
    }
    const struct config_source source = {
        .variable = no_variable, .flags = flags, .flag_count = count};
    struct config again;
    struct config_fault fault;
    must(config_load(&source, &again, &fault) == ERR_OK);
    for (int id = 0; id < SETTINGS; id++) {
        must(texts[id] == NULL || config_agrees(config, &again, (enum setting_id)id));
        mem_free(MEM_OTHER, texts[id]);
    }
    config_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static int fd = -1;
    static char path[64];
    if (fd == -1) {
        fd = memfd_create("settings", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    must(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, len, 0) == (ssize_t)len);

    struct config config;
    struct config_fault fault = {.text = ""};
    const struct config_source source = {.file = path, .variable = no_variable};
    const enum err err = config_load(&source, &config, &fault);
    must(err == ERR_OK || (err == ERR_PROTO && fault.text[0] != '\0'));
    if (err == ERR_OK) {
        check_bounds(&config);
        comes_back_as_flags(&config);
        config_done(&config);
    }
    return 0;
}
