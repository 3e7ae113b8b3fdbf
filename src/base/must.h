// SPDX-License-Identifier: Apache-2.0
/* must -- our own promises, checked. Never for input, never for allocation.
 *
 * must(cond):   in every build; a broken promise ends the process with its place and its words.
 * dcheck(cond): in debug, sanitizer, simulation and fuzz builds (ROAR_DEBUG); for checks per byte
 * or per viewer.
 */
#pragma once

_Noreturn void must_fail(const char *file, int line, const char *cond);

#define must(cond) ((cond) ? (void)0 : must_fail(__FILE__, __LINE__, #cond))

#ifdef ROAR_DEBUG
#define dcheck(cond) must(cond)
#else
#define dcheck(cond) ((void)sizeof(cond))
#endif
