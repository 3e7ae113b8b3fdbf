// SPDX-License-Identifier: Apache-2.0
/* Chosen by eye, for the letters that words are hidden with in chat; a character that is the main
 * way to write another script's own sound (и, п, г) is left out where it only faintly looks Latin.
 * In order of code points; both cases, since Η looks like H and η like n. A bare stroke is '1',
 * which is read as i and as l (fold_signs.h). */
#include "rules/look_alike.h"

#include <stdbool.h>
#include <stddef.h>

enum { NEAR_END = 0x600 };

/* Latin, Greek, Cyrillic, Armenian: most of what is looked up. */
static const char near[NEAR_END] = {
    [0x00A1] = 'i', [0x00A2] = 'c', [0x00A5] = 'y', [0x00A7] = 's', [0x00A9] = 'c', [0x00B5] = 'u',
    [0x00D7] = 'x', [0x00D8] = 'o', [0x00DE] = 'p', [0x00DF] = 'b', [0x00F0] = 'd', [0x00F8] = 'o',
    [0x00FE] = 'p', [0x0110] = 'd', [0x0111] = 'd', [0x0126] = 'h', [0x0127] = 'h', [0x0131] = 'i',
    [0x0138] = 'k', [0x0141] = 'l', [0x0142] = 'l', [0x014A] = 'n', [0x014B] = 'n', [0x0166] = 't',
    [0x0167] = 't', [0x017F] = 'f', [0x0180] = 'b', [0x0181] = 'b', [0x0184] = 'b', [0x0185] = 'b',
    [0x0187] = 'c', [0x0188] = 'c', [0x0189] = 'd', [0x018A] = 'd', [0x018E] = 'e', [0x018F] = 'e',
    [0x0190] = 'e', [0x0191] = 'f', [0x0192] = 'f', [0x0193] = 'g', [0x0196] = '1', [0x0197] = 'i',
    [0x0198] = 'k', [0x0199] = 'k', [0x019A] = 'l', [0x019C] = 'w', [0x019D] = 'n', [0x019F] = 'o',
    [0x01A4] = 'p', [0x01A5] = 'p', [0x01A6] = 'r', [0x01AB] = 't', [0x01AC] = 't', [0x01AD] = 't',
    [0x01AE] = 't', [0x01B1] = 'u', [0x01B3] = 'y', [0x01B4] = 'y', [0x01B5] = 'z', [0x01B6] = 'z',
    [0x01B7] = 'z', [0x01BC] = 's', [0x01BD] = 's', [0x01BF] = 'p', [0x01C0] = '1', [0x01C3] = 'i',
    [0x01DD] = 'e', [0x01E4] = 'g', [0x01E5] = 'g', [0x0224] = 'z', [0x0225] = 'z', [0x023B] = 'c',
    [0x023C] = 'c', [0x023D] = 'l', [0x0240] = 'z', [0x0246] = 'e', [0x0247] = 'e', [0x0248] = 'j',
    [0x0249] = 'j', [0x024B] = 'q', [0x024C] = 'r', [0x024D] = 'r', [0x024E] = 'y', [0x024F] = 'y',
    [0x0250] = 'a', [0x0251] = 'a', [0x0253] = 'b', [0x0255] = 'c', [0x0256] = 'd', [0x0257] = 'd',
    [0x0258] = 'e', [0x0259] = 'e', [0x025B] = 'e', [0x0260] = 'g', [0x0261] = 'g', [0x0262] = 'g',
    [0x0263] = 'y', [0x0266] = 'h', [0x0268] = 'i', [0x0269] = 'i', [0x026A] = 'i', [0x026B] = 'l',
    [0x026D] = 'l', [0x026F] = 'w', [0x0271] = 'm', [0x0272] = 'n', [0x0274] = 'n', [0x0275] = 'o',
    [0x027C] = 'r', [0x027E] = 'r', [0x027F] = 'i', [0x0280] = 'r', [0x0282] = 's', [0x0288] = 't',
    [0x028A] = 'u', [0x028B] = 'u', [0x028F] = 'y', [0x0290] = 'z', [0x0292] = 'z', [0x0299] = 'b',
    [0x029C] = 'h', [0x029D] = 'j', [0x029F] = 'l', [0x02A0] = 'q', [0x037F] = 'j', [0x0391] = 'a',
    [0x0392] = 'b', [0x0395] = 'e', [0x0396] = 'z', [0x0397] = 'h', [0x0398] = 'o', [0x0399] = '1',
    [0x039A] = 'k', [0x039C] = 'm', [0x039D] = 'n', [0x039E] = 'e', [0x039F] = 'o', [0x03A1] = 'p',
    [0x03A4] = 't', [0x03A5] = 'y', [0x03A7] = 'x', [0x03B1] = 'a', [0x03B2] = 'b', [0x03B3] = 'y',
    [0x03B5] = 'e', [0x03B6] = 'z', [0x03B7] = 'n', [0x03B8] = 'o', [0x03B9] = 'i', [0x03BA] = 'k',
    [0x03BC] = 'u', [0x03BD] = 'v', [0x03BE] = 'e', [0x03BF] = 'o', [0x03C1] = 'p', [0x03C2] = 's',
    [0x03C3] = 'o', [0x03C4] = 't', [0x03C5] = 'u', [0x03C7] = 'x', [0x03C9] = 'w', [0x03DA] = 's',
    [0x03DC] = 'f', [0x03DD] = 'f', [0x03F2] = 'c', [0x03F3] = 'j', [0x03F9] = 'c', [0x03FA] = 'm',
    [0x03FB] = 'm', [0x0404] = 'e', [0x0405] = 's', [0x0406] = '1', [0x0407] = 'i', [0x0408] = 'j',
    [0x0410] = 'a', [0x0411] = 'b', [0x0412] = 'b', [0x0415] = 'e', [0x041A] = 'k', [0x041C] = 'm',
    [0x041D] = 'h', [0x041E] = 'o', [0x0420] = 'p', [0x0421] = 'c', [0x0422] = 't', [0x0423] = 'y',
    [0x0425] = 'x', [0x0428] = 'w', [0x0429] = 'w', [0x042A] = 'b', [0x042C] = 'b', [0x042D] = 'e',
    [0x042F] = 'r', [0x0430] = 'a', [0x0431] = 'b', [0x0432] = 'b', [0x0435] = 'e', [0x043A] = 'k',
    [0x043C] = 'm', [0x043D] = 'h', [0x043E] = 'o', [0x0440] = 'p', [0x0441] = 'c', [0x0442] = 't',
    [0x0443] = 'y', [0x0445] = 'x', [0x0448] = 'w', [0x0449] = 'w', [0x044C] = 'b', [0x044D] = 'e',
    [0x044F] = 'r', [0x0454] = 'e', [0x0455] = 's', [0x0456] = 'i', [0x0457] = 'i', [0x0458] = 'j',
    [0x0460] = 'w', [0x0461] = 'w', [0x0472] = 'o', [0x0473] = 'o', [0x0474] = 'v', [0x0475] = 'v',
    [0x0476] = 'v', [0x0477] = 'v', [0x048E] = 'p', [0x048F] = 'p', [0x0492] = 'f', [0x0493] = 'f',
    [0x049A] = 'k', [0x049B] = 'k', [0x049C] = 'k', [0x049D] = 'k', [0x049E] = 'k', [0x049F] = 'k',
    [0x04A0] = 'k', [0x04A1] = 'k', [0x04A2] = 'h', [0x04A3] = 'h', [0x04A4] = 'h', [0x04A5] = 'h',
    [0x04AA] = 'c', [0x04AB] = 'c', [0x04AC] = 't', [0x04AD] = 't', [0x04AE] = 'y', [0x04AF] = 'y',
    [0x04B0] = 'y', [0x04B1] = 'y', [0x04B2] = 'x', [0x04B3] = 'x', [0x04BA] = 'h', [0x04BB] = 'h',
    [0x04BC] = 'e', [0x04BD] = 'e', [0x04BF] = 'e', [0x04C0] = '1', [0x04C3] = 'k', [0x04C4] = 'k',
    [0x04CD] = 'm', [0x04CE] = 'm', [0x04CF] = '1', [0x04E7] = 'o', [0x04E8] = 'o', [0x04E9] = 'o',
    [0x04EF] = 'y', [0x04FC] = 'x', [0x04FD] = 'x', [0x0500] = 'd', [0x0501] = 'd', [0x050A] = 'h',
    [0x050B] = 'h', [0x050C] = 'g', [0x050D] = 'g', [0x051A] = 'q', [0x051B] = 'q', [0x051C] = 'w',
    [0x051D] = 'w', [0x054D] = 'u', [0x054F] = 's', [0x0555] = 'o', [0x0561] = 'w', [0x0563] = 'q',
    [0x0566] = 'q', [0x0570] = 'h', [0x0572] = 'n', [0x0576] = 'u', [0x0578] = 'n', [0x057C] = 'n',
    [0x057D] = 'u', [0x0581] = 'g', [0x0582] = 'l', [0x0585] = 'o',
};

struct look {
    uint32_t point;
    char letter;
};

static const struct look looks[] = {
    {0x0966, 'o'},  {0x09E6, 'o'},  {0x0A66, 'o'}, {0x0AE6, 'o'}, {0x0B66, 'o'}, {0x0BE6, 'o'},
    {0x0C66, 'o'},  {0x0CE6, 'o'},  {0x0D20, 'o'}, {0x0D66, 'o'}, {0x0E3F, 'b'}, {0x0E50, 'o'},
    {0x0ED0, 'o'},  {0x10E7, 'y'},  {0x10FF, 'o'}, {0x13A0, 'd'}, {0x13A1, 'r'}, {0x13A2, 't'},
    {0x13A5, 'i'},  {0x13A9, 'y'},  {0x13AA, 'a'}, {0x13AB, 'j'}, {0x13AC, 'e'}, {0x13B3, 'w'},
    {0x13B7, 'm'},  {0x13BB, 'h'},  {0x13BE, 'o'}, {0x13C0, 'g'}, {0x13C2, 'h'}, {0x13C3, 'z'},
    {0x13CF, 'b'},  {0x13D2, 'r'},  {0x13D9, 'v'}, {0x13DA, 's'}, {0x13DE, 'l'}, {0x13DF, 'c'},
    {0x13E2, 'p'},  {0x13E6, 'k'},  {0x13F4, 'b'}, {0x142F, 'v'}, {0x144C, 'u'}, {0x144E, 'n'},
    {0x146D, 'p'},  {0x1515, 's'},  {0x1541, 'x'}, {0x157C, 'h'}, {0x1587, 'r'}, {0x15B4, 'f'},
    {0x15C5, 'a'},  {0x15DE, 'd'},  {0x15EA, 'd'}, {0x15F0, 'm'}, {0x15F7, 'b'}, {0x166D, 'x'},
    {0x166E, 'x'},  {0x16B7, 'x'},  {0x16C1, '1'}, {0x16D2, 'b'}, {0x16D5, 'k'}, {0x1D00, 'a'},
    {0x1D04, 'c'},  {0x1D05, 'd'},  {0x1D07, 'e'}, {0x1D0A, 'j'}, {0x1D0B, 'k'}, {0x1D0D, 'm'},
    {0x1D0F, 'o'},  {0x1D18, 'p'},  {0x1D1B, 't'}, {0x1D1C, 'u'}, {0x1D20, 'v'}, {0x1D21, 'w'},
    {0x1D22, 'z'},  {0x1D26, 'r'},  {0x1D83, 'g'}, {0x1E9D, 'f'}, {0x1E9E, 'b'}, {0x1EFF, 'y'},
    {0x2020, 't'},  {0x20A5, 'm'},  {0x20A9, 'w'}, {0x20AC, 'e'}, {0x20B4, 's'}, {0x20BD, 'p'},
    {0x210F, 'h'},  {0x212E, 'e'},  {0x2200, 'a'}, {0x2202, 'd'}, {0x2223, '1'}, {0x2228, 'v'},
    {0x222A, 'u'},  {0x22A4, 't'},  {0x2373, 'i'}, {0x25CB, 'o'}, {0x25CF, 'o'}, {0x25EF, 'o'},
    {0x292B, 'x'},  {0x292C, 'x'},  {0x2A2F, 'x'}, {0x2C60, 'l'}, {0x2C61, 'l'}, {0x2C6D, 'a'},
    {0x2C6F, 'a'},  {0x2C72, 'w'},  {0x2C73, 'w'}, {0x2C7F, 'z'}, {0x2C80, 'a'}, {0x2C81, 'a'},
    {0x2C82, 'b'},  {0x2C83, 'b'},  {0x2C84, 'r'}, {0x2C85, 'r'}, {0x2C88, 'e'}, {0x2C89, 'e'},
    {0x2C8C, 'z'},  {0x2C8D, 'z'},  {0x2C8E, 'h'}, {0x2C8F, 'h'}, {0x2C92, '1'}, {0x2C93, 'i'},
    {0x2C94, 'k'},  {0x2C95, 'k'},  {0x2C98, 'm'}, {0x2C99, 'm'}, {0x2C9A, 'n'}, {0x2C9B, 'n'},
    {0x2C9E, 'o'},  {0x2C9F, 'o'},  {0x2CA2, 'p'}, {0x2CA3, 'p'}, {0x2CA4, 'c'}, {0x2CA5, 'c'},
    {0x2CA6, 't'},  {0x2CA7, 't'},  {0x2CA8, 'y'}, {0x2CA9, 'y'}, {0x2CAC, 'x'}, {0x2CAD, 'x'},
    {0x2CB0, 'w'},  {0x2CB1, 'w'},  {0x2D0E, 'u'}, {0x2D38, 'v'}, {0xA4D0, 'b'}, {0xA4D1, 'p'},
    {0xA4D2, 'd'},  {0xA4D4, 't'},  {0xA4D6, 'g'}, {0xA4D7, 'k'}, {0xA4D9, 'j'}, {0xA4DA, 'c'},
    {0xA4DC, 'z'},  {0xA4DD, 'f'},  {0xA4DF, 'm'}, {0xA4E0, 'n'}, {0xA4E1, 'l'}, {0xA4E2, 's'},
    {0xA4E3, 'r'},  {0xA4E6, 'v'},  {0xA4E7, 'h'}, {0xA4EA, 'w'}, {0xA4EB, 'x'}, {0xA4EC, 'y'},
    {0xA4EE, 'a'},  {0xA4F0, 'e'},  {0xA4F2, '1'}, {0xA4F3, 'o'}, {0xA4F4, 'u'}, {0xA644, 's'},
    {0xA645, 's'},  {0xA647, 'i'},  {0xA731, 's'}, {0xA798, 'f'}, {0xA799, 'f'}, {0xA79F, 'u'},
    {0xA7B1, 't'},  {0xAB35, 'f'},  {0xAB47, 'r'}, {0xAB48, 'r'}, {0xAB70, 'd'}, {0xAB83, 'w'},
    {0x10404, 'o'}, {0x1042C, 'o'},
};

/* Alphabets in a row: white on black in circles and in squares, and what flags are made of. */
static const uint32_t alphabets[] = {0x1F150, 0x1F170, 0x1F1E6};

enum { LETTERS = 26, FIRST_EMOJI = 0x1F000 };

static char find_far(uint32_t point)
{
    size_t low = 0;
    size_t high = sizeof(looks) / sizeof(looks[0]);
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (looks[middle].point < point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const bool is_there = low < sizeof(looks) / sizeof(looks[0]) && looks[low].point == point;
    return is_there ? looks[low].letter : '\0';
}

char look_alike_letter(uint32_t point)
{
    if (point < NEAR_END) {
        return near[point];
    }
    for (size_t i = 0; point >= FIRST_EMOJI && i < sizeof(alphabets) / sizeof(alphabets[0]); i++) {
        if (point >= alphabets[i] && point < alphabets[i] + LETTERS) {
            return (char)('a' + (int)(point - alphabets[i]));
        }
    }
    const bool is_of_ideographs = point >= 0x3000 && point < 0xA000; // none looks Latin
    return is_of_ideographs || point >= FIRST_EMOJI ? '\0' : find_far(point);
}

char look_alike_leet(char sign)
{
    static const char letters[UINT8_MAX + 1] = {
        ['0'] = 'o', ['1'] = 'i', ['!'] = 'i', ['|'] = 'i', ['3'] = 'e', ['4'] = 'a',
        ['@'] = 'a', ['5'] = 's', ['$'] = 's', ['7'] = 't', ['8'] = 'b',
    };
    return letters[(uint8_t)sign];
}
