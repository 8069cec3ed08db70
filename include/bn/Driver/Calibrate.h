// Calibrate.h - the verb `calibrate`: re-estimates the statistics of BatchNormalizations on data.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_CALIBRATE_H
#define BN_DRIVER_CALIBRATE_H

#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Options.h"

namespace bn::driver {

/// Which statistics the layers before one use while its own are estimated.
enum class CalibrationMode {
  Joint,      ///< those of the batch: one pass over the data, as in training
  Sequential, ///< the new ones: a pass for every layer on the longest path
};

struct CalibrateOptions {
  std::string model;
  std::string data; ///< a folder of batches
  SaveOptions save;
  Initializers initializers = Initializers::Auto;
  CalibrationMode mode = CalibrationMode::Joint;
  std::optional<double> momentum; ///< decay of a moving average over the batches; absent: all data counts alike
  double mix = 1;                 ///< how much the new statistics count beside the old
  int64_t batch = 0;              ///< cuts larger files into batches of this size; 0: a file is a batch
  ExecutionOptions execution;
  std::string json; ///< "-" is stdout
  bool quiet = false;
};

llvm::Expected<ExitCode> calibrate(const CalibrateOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_CALIBRATE_H
