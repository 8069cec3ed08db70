// TestFolder.h - one ONNX test folder: a model and what it must answer.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_TESTFOLDER_H
#define BN_LIB_DRIVER_TESTFOLDER_H

#include "bn/Driver/Options.h"
#include "llvm/ADT/StringRef.h"

namespace bn::driver {

enum class TestStatus { Passed, Failed, Skipped };

struct TestResult {
  TestStatus status = TestStatus::Passed;
  std::string reason; ///< of a failure or a skip
};

/// Runs the model of a folder on each of its data sets and compares the outputs.
TestResult runTestFolder(llvm::StringRef directory, const ExecutionOptions &execution, const ToleranceOptions &tolerance);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_TESTFOLDER_H
