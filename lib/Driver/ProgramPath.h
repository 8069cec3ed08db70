// ProgramPath.h - where the running program lies.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_PROGRAMPATH_H
#define BN_LIB_DRIVER_PROGRAMPATH_H

#include <string>

namespace bn::driver {

std::string getProgramPath();

} // namespace bn::driver

#endif // BN_LIB_DRIVER_PROGRAMPATH_H
