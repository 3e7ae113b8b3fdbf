// SPDX-License-Identifier: Apache-2.0
/* stall -- which viewers' sockets are full, counted. */
#pragma once

#include "hub/seat.h"

void stall_begin(struct viewer *viewer); // it is blocked now; already so is legal
void stall_end(struct viewer *viewer);   // it is not; already so is legal
