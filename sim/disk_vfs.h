// SPDX-License-Identifier: Apache-2.0
/* disk_vfs -- SQLite's way to the simulated disk, with locks and shared memory of one process.
 *
 * Thread:  none but the simulation's.
 */
#pragma once

void disk_vfs_install(void); // once, as the default
void disk_vfs_begin(void);   // a world begins: SQLite's own chance starts anew from the disk's seed
