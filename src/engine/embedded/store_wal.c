// SPDX-License-Identifier: Apache-2.0
#include "engine/embedded/store_wal.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "sys/sys.h"

#include <stddef.h>
#include <string.h>

/* The format (sqlite.org/fileformat2.html section 4), all numbers big-endian:
 *
 *      header 32: magic 0x377f0682 or ..83, version, page size, sequence, salt 1, salt 2, sum 1, 2
 *      frame  24: page, pages of the database after a commit (0: no commit), salt 1, salt 2,
 *                 sum 1, 2; then the page
 *
 * The sums run on from the header over each frame's first 8 bytes and its page; the magic's last
 * bit says whether their words are big-endian. A frame is good when its salts are the header's and
 * its sums match. Frames of an older log that was begun anew have other salts. */
enum { HEADER_LEN = STORE_WAL_HEADER_LEN, FRAME_LEN = STORE_WAL_FRAME_LEN, FRAME_SUMMED = 8 };
enum { SECTOR = 512 }; // the smallest: what is not torn by a power cut
enum { PAGE_MIN = 512, PAGE_MAX = 65536, PAGE_OURS = 4096 };
enum { TORN_COMMITS_MAX = 1 }; // the one under way when the power went
static const uint32_t MAGIC = 0x377f0682;

struct wal {
    int fd;
    uint32_t page_bytes;
    bool is_big_endian;
    uint8_t salts[8];
    uint32_t sum[2]; // up to the last good frame; behind a bad one: what the frame before tells
    uint8_t *frame;  // owned; FRAME_LEN + page_bytes
};

static uint32_t big(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t word(const uint8_t *at, bool is_big_endian)
{
    if (is_big_endian) {
        return big(at);
    }
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* Every page read from the log is summed up, so the sums stay in registers meanwhile. */
static void sum_up(bool is_big_endian, const uint8_t *bytes, size_t len, uint32_t sum[2])
{
    uint32_t first = sum[0];
    uint32_t second = sum[1];
    for (size_t i = 0; i < len; i += 8) {
        first += word(bytes + i, is_big_endian) + second;
        second += word(bytes + i + 4, is_big_endian) + first;
    }
    sum[0] = first;
    sum[1] = second;
}

bool store_wal_frame_matches(const uint8_t before[STORE_WAL_SUM_LEN],
                             const uint8_t head[STORE_WAL_FRAME_LEN], const uint8_t *page,
                             size_t page_bytes)
{
    uint32_t sum[2] = {big(before), big(before + 4)};
    sum_up(false, head, FRAME_SUMMED, sum); // SQLite writes in the machine's order: ours is little
    sum_up(false, page, page_bytes, sum);
    return sum[0] == big(head + 16) && sum[1] == big(head + 20);
}

/* False: no log that SQLite would read. */
static bool read_header(struct wal *wal)
{
    uint8_t header[HEADER_LEN];
    size_t len = 0;
    if (sys_file_read_at(wal->fd, 0, header, sizeof(header), &len) != ERR_OK ||
        len < sizeof(header) || (big(header) & ~1U) != MAGIC) {
        return false;
    }
    wal->is_big_endian = (big(header) & 1U) != 0;
    wal->page_bytes = big(header + 8);
    memcpy(wal->salts, header + 16, sizeof(wal->salts));
    sum_up(wal->is_big_endian, header, 24, wal->sum);
    return wal->page_bytes >= PAGE_MIN && wal->page_bytes <= PAGE_MAX &&
           (wal->page_bytes & (wal->page_bytes - 1)) == 0 && wal->sum[0] == big(header + 24) &&
           wal->sum[1] == big(header + 28);
}

static bool has_our_salts(const struct wal *wal)
{
    return memcmp(wal->frame + 8, wal->salts, sizeof(wal->salts)) == 0;
}

static bool is_commit(const struct wal *wal)
{
    return big(wal->frame + 4) != 0;
}

static void take_told_sum(struct wal *wal)
{
    wal->sum[0] = big(wal->frame + 16);
    wal->sum[1] = big(wal->frame + 20);
}

static bool has_right_sum(const struct wal *wal)
{
    uint32_t sum[2] = {wal->sum[0], wal->sum[1]};
    sum_up(wal->is_big_endian, wal->frame, FRAME_SUMMED, sum);
    sum_up(wal->is_big_endian, wal->frame + FRAME_LEN, wal->page_bytes, sum);
    return sum[0] == big(wal->frame + 16) && sum[1] == big(wal->frame + 20);
}

static bool is_good(const struct wal *wal)
{
    return has_our_salts(wal) && big(wal->frame) != 0 && has_right_sum(wal);
}

/* One frame in 64 has the edge of a sector between what makes it a commit and the salts: torn
 * there, it is a commit of the older log with our salts. Such a one must match its sum. */
static bool is_lost_commit(const struct wal *wal, uint64_t at)
{
    const bool is_head_divided = (at + FRAME_SUMMED) % SECTOR == 0;
    return has_our_salts(wal) && is_commit(wal) && (!is_head_divided || has_right_sum(wal));
}

static int bits_of(uint32_t number)
{
    return __builtin_popcount(number);
}

/* By how much the last sum moves when bit 0 of a word is set, the words being 2 * `back` from the
 * end, is (1,1) or, for the pair's second word, (0,1) put through `back` steps of the sum. So a
 * flipped bit is looked for without summing up the frame once for each. One that is set now was
 * not, and the other way round: the sum moves back. */
static bool is_shift_of(const uint32_t shift[2], const uint32_t want[2], uint32_t now)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        const uint32_t one = shift[0] << bit;
        const uint32_t two = shift[1] << bit;
        const bool is_set = (now >> bit & 1) != 0;
        if (is_set ? 0 - one == want[0] && 0 - two == want[1] : one == want[0] && two == want[1]) {
            return true;
        }
    }
    return false;
}

static void step(uint32_t shift[2])
{
    shift[0] += shift[1];
    shift[1] += shift[0];
}

/* Of what the sum runs over: the head's beginning, then the page. */
static const uint8_t *summed_pair(const struct wal *wal, size_t index)
{
    return index == 0 ? wal->frame : wal->frame + FRAME_LEN + (index - 1) * 8;
}

/* A bad frame that is one flipped bit away from a good one. */
static bool is_one_bit_off(const struct wal *wal)
{
    uint32_t sum[2] = {wal->sum[0], wal->sum[1]};
    sum_up(wal->is_big_endian, wal->frame, FRAME_SUMMED, sum);
    sum_up(wal->is_big_endian, wal->frame + FRAME_LEN, wal->page_bytes, sum);
    const uint32_t want[2] = {big(wal->frame + 16) - sum[0], big(wal->frame + 20) - sum[1]};
    const int salt_bits = bits_of(big(wal->frame + 8) ^ big(wal->salts)) +
                          bits_of(big(wal->frame + 12) ^ big(wal->salts + 4));
    const int sum_bits =
        bits_of(big(wal->frame + 16) ^ sum[0]) + bits_of(big(wal->frame + 20) ^ sum[1]);
    if (salt_bits + sum_bits <= 1) {
        return true;
    }
    uint32_t first[2] = {1, 1};
    uint32_t second[2] = {0, 1};
    const size_t pairs = (FRAME_SUMMED + wal->page_bytes) / 8;
    for (size_t i = 0; salt_bits == 0 && i < pairs; i++) {
        const uint8_t *pair = summed_pair(wal, pairs - 1 - i);
        if (is_shift_of(first, want, word(pair, wal->is_big_endian)) ||
            is_shift_of(second, want, word(pair + 4, wal->is_big_endian))) {
            return true;
        }
        step(first);
        step(second);
    }
    return false;
}

static enum err scan_frames(struct wal *wal, struct store_wal_verdict *verdict)
{
    const size_t frame_len = FRAME_LEN + wal->page_bytes;
    bool is_broken = false;
    for (uint64_t at = HEADER_LEN;; at += frame_len) {
        size_t len = 0;
        TRY(sys_file_read_at(wal->fd, at, wal->frame, frame_len, &len));
        if (len < frame_len) {
            break;
        }
        if (!is_broken && is_good(wal)) {
            verdict->frames++;
            verdict->commits += is_commit(wal);
        } else {
            verdict->is_flipped = is_broken ? verdict->is_flipped : is_one_bit_off(wal);
            verdict->bad_offset = is_broken ? verdict->bad_offset : at;
            verdict->lost += is_lost_commit(wal, at);
            is_broken = true;
        }
        take_told_sum(wal);
    }
    verdict->is_damaged = verdict->is_flipped || verdict->lost > TORN_COMMITS_MAX ||
                          (mutant(EPOCH_EAGER) && verdict->lost > 0);
    return ERR_OK;
}

/* Behind a header SQLite would not read: what the frames are of cannot be told, that there are some
 * can. */
static enum err scan_without_header(struct wal *wal, struct store_wal_verdict *verdict)
{
    uint64_t bytes = 0;
    TRY(sys_file_size(wal->fd, &bytes));
    verdict->is_damaged = bytes >= HEADER_LEN + FRAME_LEN + PAGE_OURS;
    for (uint64_t at = HEADER_LEN; at + FRAME_LEN + PAGE_OURS <= bytes;
         at += FRAME_LEN + PAGE_OURS) {
        uint8_t head[FRAME_LEN];
        size_t len = 0;
        TRY(sys_file_read_at(wal->fd, at, head, sizeof(head), &len));
        verdict->lost += big(head + 4) != 0;
    }
    return ERR_OK;
}

static enum err scan(struct wal *wal, struct store_wal_verdict *verdict)
{
    if (!read_header(wal)) {
        return scan_without_header(wal, verdict);
    }
    wal->frame = mem_new(MEM_ENGINE, FRAME_LEN + (size_t)wal->page_bytes);
    return wal->frame == NULL ? ERR_NOMEM : scan_frames(wal, verdict);
}

enum err store_wal_scan(const char *path, struct store_wal_verdict *ret_verdict)
{
    struct wal wal = {.fd = -1};
    struct store_wal_verdict verdict = {.frames = 0};
    enum err err = sys_file_open_read(path, &wal.fd);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    if (err == ERR_OK) {
        err = scan(&wal, &verdict);
    }
    mem_free(MEM_ENGINE, wal.frame);
    sys_close(wal.fd);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    *ret_verdict = verdict;
    return ERR_OK;
}
