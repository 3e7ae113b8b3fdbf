// SPDX-License-Identifier: Apache-2.0
/* link_find -- is there anything in a text that people would take for a link?
 *
 *      yes   https://a.example  hxxp://..  www.example  example.com  t.me/x  foo.co.uk
 *            example dot com  example[.]com  example (dot) com  example .com
 *      no    ok.so  readme.md  1.5  e.g.  the dot com bubble
 *
 * A top level domain that is also a word or the end of a file's name (so, me, md) makes a link only
 * where a path follows, or behind co., com. and the like.
 *
 * Thread:  any; pure.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* `reading` is one of a folded text (fold.h). */
bool link_find_any(struct str reading);
