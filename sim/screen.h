// SPDX-License-Identifier: Apache-2.0
/* screen -- what somebody who watches has been told over all their connections, and what they show
 * of it: by the rules of the protocol, for each comment the act with the greatest seq wins. It is
 * what their prover asks for the truth, too: the log as they see it.
 *
 *   P6   no text is sent once its removal is in force
 *   P7   what it shows at rest is what is visible
 *   P8   it is never shown, nor told of, what is another's alone
 *   P9   who was told of a warning is told when it is over
 */
#pragma once

#include "world.h"

void screen_begin(struct screen *screen, struct world *world);
void screen_end(struct screen *screen);
/* It shows this stream as this user from now on, and nothing yet. */
void screen_clear(struct screen *screen, struct ledger *ledger, uint8_t user);
/* At rest; what is behind `upto` need not be known. */
void screen_check(const struct screen *screen, uint64_t upto);
/* At rest: no warning that is over is left on it. */
void screen_check_warnings(const struct screen *screen);
