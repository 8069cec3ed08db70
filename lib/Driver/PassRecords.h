// PassRecords.h - how long each pass of a pipeline took, and how many nodes it left.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_PASSRECORDS_H
#define BN_LIB_DRIVER_PASSRECORDS_H

#include "mlir/Pass/PassManager.h"

#include <string>
#include <vector>

namespace bn::driver {

/// One pass of a pipeline, over all functions of the module.
struct PassRecord {
  std::string name;
  double seconds = 0;
  int64_t nodesBefore = 0, nodesAfter = 0;
};

/// Fills `records`, which must outlive the run, with the passes that `manager` will have run, in order.
void recordPasses(mlir::PassManager &manager, std::vector<PassRecord> &records);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_PASSRECORDS_H
