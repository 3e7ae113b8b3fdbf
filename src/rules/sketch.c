// SPDX-License-Identifier: Apache-2.0
#include "rules/sketch.h"

#include <string.h>

enum { RUN = 3 };

static bool is_letter(uint8_t byte)
{
    return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

static uint32_t keep_letters(struct str reading, uint8_t ret_kept[SKETCH_BYTES_MAX])
{
    uint32_t count = 0;
    uint8_t last = 0;
    for (size_t i = 0; i < reading.len && count < SKETCH_BYTES_MAX; i++) {
        const uint8_t byte = (uint8_t)reading.at[i];
        if (byte != last && is_letter(byte)) {
            ret_kept[count++] = byte;
            last = byte;
        }
    }
    return count;
}

static uint64_t mix(uint64_t value) // splitmix64's
{
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

/* Four hashes of 16 bits from each 64. */
static void add_run(const uint8_t *run, struct sketch *sketch)
{
    const uint64_t value = (uint64_t)run[0] << 16 | (uint64_t)run[1] << 8 | run[2];
    for (uint32_t i = 0; i < SKETCH_PLACES; i += 4) {
        const uint64_t hash = mix((value + 1) * UINT64_C(0x9E3779B97F4A7C15) + i);
        for (uint32_t k = 0; k < 4; k++) {
            const uint16_t part = (uint16_t)(hash >> 16 * k);
            uint16_t *least = &sketch->least[i + k];
            *least = part < *least ? part : *least;
        }
    }
}

void sketch_draw(struct str reading, struct sketch *ret)
{
    uint8_t kept[SKETCH_BYTES_MAX];
    const uint32_t count = keep_letters(reading, kept);
    memset(ret->least, 0xFF, sizeof(ret->least));
    ret->is_known = count >= SKETCH_LETTERS_MIN;
    for (uint32_t i = 0; i + RUN <= count; i++) {
        add_run(kept + i, ret);
    }
}

bool sketch_is_near(const struct sketch *a, const struct sketch *b)
{
    uint32_t same = 0;
    for (uint32_t i = 0; i < SKETCH_PLACES; i++) {
        same += a->least[i] == b->least[i];
    }
    return a->is_known && b->is_known && same >= SKETCH_ALIKE;
}
