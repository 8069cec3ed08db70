// IdleMemory.h - memory that a stage of the compiler took and the next one does not need.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_IDLEMEMORY_H
#define BN_LIB_DRIVER_IDLEMEMORY_H

namespace bn::driver {

/// Gives back to the system what the heap has free, and the program's code, of which each stage runs another part: what is run again is
/// still in the system's cache of files. Takes about a millisecond.
void returnIdleMemory();

} // namespace bn::driver

#endif // BN_LIB_DRIVER_IDLEMEMORY_H
