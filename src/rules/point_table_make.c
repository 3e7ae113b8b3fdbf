// SPDX-License-Identifier: Apache-2.0
/* Writes point_table.c to standard output: asks fold_point.c of every code point there is, keeps
 * each block of 128 entries and each folding once. Run when we build; takes no input. */
#include "rules/fold_point.h"
#include "rules/look_alike.h"
#include "rules/point_table.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    BLOCK = 1 << POINT_BLOCK_BITS,
    BLOCKS = (FOLD_POINT_LAST + 1) / BLOCK,
    POOL_MAX = 1 << 19, // bytes; the offsets of entries reach that far
    FOLDING_MAX = 2 * (1 + 4 * FOLD_POINT_PARTS_MAX),
    PAIRS_MAX = 1024,
    HANGUL_FIRST = 0xAC00,
    HANGUL_LAST = 0xD7A3,
    BUCKETS = 1 << 15,
};
_Static_assert(POOL_MAX <= 1 << (32 - POINT_OFFSET_SHIFT), "an offset fits its entry");

static uint16_t blocks[BLOCKS];
static uint32_t entries[FOLD_POINT_LAST + 1];
static uint32_t block_count;
static uint8_t pool[POOL_MAX];
static uint32_t pool_len;
static uint32_t buckets[BUCKETS]; // 1 + an offset, by hash
static struct point_pair pairs[PAIRS_MAX];
static size_t pair_count;
static uint8_t is_second[FOLD_POINT_LAST + 1]; // of some pair

static void need(bool cond, const char *what)
{
    if (!cond) {
        (void)fprintf(stderr, "point_table_make: %s\n", what);
        exit(1);
    }
}

/* ---- pairs ---- */

static uint32_t join_all(const utf8proc_int32_t *parts, utf8proc_ssize_t count)
{
    uint32_t joined = (uint32_t)parts[0];
    for (utf8proc_ssize_t i = 1; i < count && joined != 0; i++) {
        joined = fold_point_join(joined, (uint32_t)parts[i]);
    }
    return joined;
}

static bool is_written(uint32_t point)
{
    uint32_t parts[FOLD_POINT_PARTS_MAX];
    return fold_point_parts(point, false, parts) > 0;
}

/* What `point` is made of, if that is what makes it. */
static void find_pair(uint32_t point)
{
    enum { CANONICAL_MAX = 8 };
    utf8proc_int32_t parts[CANONICAL_MAX];
    int break_class = UTF8PROC_BOUNDCLASS_START;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)point, parts, CANONICAL_MAX, UTF8PROC_DECOMPOSE, &break_class);
    need(count <= CANONICAL_MAX, "a longer decomposition");
    if (count < 2) {
        return;
    }
    const uint32_t last = join_all(parts, count - 1);
    const uint32_t part = (uint32_t)parts[count - 1];
    if (last == 0 || fold_point_join(last, part) != point || !is_written(part)) {
        return;
    }
    is_second[part] = 1;
    if (point < HANGUL_FIRST || point > HANGUL_LAST) {
        need(pair_count < PAIRS_MAX, "more pairs");
        pairs[pair_count++] = (struct point_pair){.last = last, .part = part, .both = point};
    }
}

static int by_parts(const void *a, const void *b)
{
    const struct point_pair *left = a;
    const struct point_pair *right = b;
    if (left->last != right->last) {
        return left->last < right->last ? -1 : 1;
    }
    return left->part < right->part ? -1 : left->part > right->part;
}

/* ---- foldings ---- */

/* Each part joined to the one before it, as the text around it does not matter. */
static size_t join_parts(uint32_t *parts, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t both = kept > 0 ? fold_point_join(parts[kept - 1], parts[i]) : 0;
        if (both != 0) {
            parts[kept - 1] = both;
        } else {
            parts[kept++] = parts[i];
        }
    }
    return kept;
}

struct folding {
    uint8_t bytes[FOLDING_MAX];
    size_t len;
    bool has_signs, joins;
};

/* With its length before it. */
static void add_reading(struct folding *folding, uint32_t point, bool is_loose)
{
    uint32_t parts[FOLD_POINT_PARTS_MAX];
    size_t count = fold_point_parts(point, is_loose, parts);
    const size_t at = folding->len++;
    if (count > 0 && is_second[parts[0]]) {
        folding->joins = true; // by and by, since what stands before it has a say
    } else {
        count = join_parts(parts, count);
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t *to = folding->bytes + folding->len;
        folding->len += (size_t)utf8proc_encode_char((utf8proc_int32_t)parts[i], to);
        folding->has_signs =
            folding->has_signs || (parts[i] < 0x80 && look_alike_leet((char)parts[i]) != '\0');
    }
    folding->bytes[at] = (uint8_t)(folding->len - at - 1);
}

static uint32_t pool_add(const struct folding *folding)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < folding->len; i++) {
        hash = hash * 31 + folding->bytes[i];
    }
    uint32_t *bucket = &buckets[hash % BUCKETS];
    const uint32_t known = *bucket;
    if (known > 0 && memcmp(pool + known - 1, folding->bytes, folding->len) == 0) {
        return known - 1;
    }
    need(pool_len + FOLDING_MAX <= POOL_MAX, "more foldings");
    memcpy(pool + pool_len, folding->bytes, folding->len);
    *bucket = pool_len + 1;
    pool_len += (uint32_t)folding->len;
    return *bucket - 1;
}

static uint32_t entry_of(uint32_t point)
{
    uint8_t self[4];
    struct folding folding = {.len = 0};
    const size_t self_len = (size_t)utf8proc_encode_char((utf8proc_int32_t)point, self);
    add_reading(&folding, point, false);
    const size_t plain_len = folding.len;
    add_reading(&folding, point, true);
    const bool looks = folding.len != 2 * plain_len ||
                       memcmp(folding.bytes, folding.bytes + plain_len, plain_len) != 0;
    const bool is_self =
        !looks && folding.bytes[0] == self_len && memcmp(folding.bytes + 1, self, self_len) == 0;
    uint32_t entry = fold_point_flags(point) | (folding.has_signs ? POINT_SIGNS : 0U) |
                     (looks ? POINT_LOOKS : 0U) | (folding.joins ? POINT_JOINS : 0U) |
                     (is_self ? 0U : POINT_MAPPED);
    if (!is_self || folding.joins) {
        entry |= pool_add(&folding) << POINT_OFFSET_SHIFT;
    }
    return entry;
}

/* ---- blocks ---- */

static void add_block(uint32_t block)
{
    uint32_t made[BLOCK];
    for (uint32_t i = 0; i < BLOCK; i++) {
        const uint32_t point = block * BLOCK + i;
        made[i] = point >= 0xD800 && point <= 0xDFFF ? 0 : entry_of(point); // no UTF-8 has those
    }
    uint32_t same = 0;
    while (same < block_count && memcmp(entries + (size_t)same * BLOCK, made, sizeof(made)) != 0) {
        same++;
    }
    if (same == block_count) {
        memcpy(entries + (size_t)block_count++ * BLOCK, made, sizeof(made));
    }
    blocks[block] = (uint16_t)same;
}

/* ---- out ---- */

enum { A_LINE = 16 };

static void write_all(void)
{
    printf("/* Made by point_table_make.c. */\n#include \"rules/point_table.h\"\n\n");
    printf("const uint16_t point_table_blocks[] = {");
    for (uint32_t i = 0; i < BLOCKS; i++) {
        printf("%s%u,", i % A_LINE == 0 ? "\n" : "", (unsigned)blocks[i]);
    }
    printf("\n};\nconst uint32_t point_table_entries[] = {");
    for (uint32_t i = 0; i < block_count * BLOCK; i++) {
        printf("%s%u,", i % A_LINE == 0 ? "\n" : "", (unsigned)entries[i]);
    }
    printf("\n};\nconst uint8_t point_table_bytes[] = {");
    for (uint32_t i = 0; i < pool_len; i++) {
        printf("%s%u,", i % A_LINE == 0 ? "\n" : "", (unsigned)pool[i]);
    }
    printf("\n};\nconst struct point_pair point_table_pairs[] = {\n");
    for (size_t i = 0; i < pair_count; i++) {
        printf("{%u, %u, %u},\n", (unsigned)pairs[i].last, (unsigned)pairs[i].part,
               (unsigned)pairs[i].both);
    }
    printf("};\nconst size_t point_table_pair_count = %zu;\n", pair_count);
}

int main(void)
{
    for (uint32_t point = 0; point <= FOLD_POINT_LAST; point++) {
        find_pair(point);
    }
    qsort(pairs, pair_count, sizeof(pairs[0]), by_parts);
    for (uint32_t block = 0; block < BLOCKS; block++) {
        add_block(block);
    }
    write_all();
    return fflush(stdout) == 0 ? 0 : 1;
}
