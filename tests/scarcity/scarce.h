// SPDX-License-Identifier: Apache-2.0
/* scarce -- memory that runs out at a chosen place: each allocation of a scenario fails in turn,
 * ours (base/mem, which jansson's are, too) and those of the libraries we stand on (SQLite,
 * OpenSSL).
 *
 * Thread:  the one allocation that fails may be any thread's.
 * Promise: a sweep ends with the first run in which nothing failed: so every allocation of the
 *          scenario has. That nothing leaks is LeakSanitizer's to say, at exit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum scarce_kind { SCARCE_OURS, SCARCE_LIBRARIES };

/* Before anything of a library is used. */
void scarce_install(void);
/* From here on the n-th allocation of that kind fails, the others do not. */
void scarce_begin(enum scarce_kind kind, uint64_t n);
/* All is well again; true: something failed. */
bool scarce_end(void);
/* Runs the scenario for n = 1, 1 + stride, ... until nothing fails in it; it begins and ends the
 * scarcity itself, and returns what scarce_end() said. Returns how many failed. */
uint64_t scarce_sweep(enum scarce_kind kind, uint64_t stride,
                      bool (*scenario)(enum scarce_kind kind, uint64_t n));
