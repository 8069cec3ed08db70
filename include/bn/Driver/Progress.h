// Progress.h - what long work is at, on a terminal only.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_PROGRESS_H
#define BN_DRIVER_PROGRESS_H

#include "llvm/ADT/Twine.h"

namespace bn::driver {

/// One line on stderr that is written over and over, and wiped in the end. Silent when stderr is no terminal.
class Progress {
public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void show(const llvm::Twine &text);

private:
  bool visible;
};

} // namespace bn::driver

#endif // BN_DRIVER_PROGRESS_H
