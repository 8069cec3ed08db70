// Options.h - options that several verbs share, as they were typed.
// SPDX-License-Identifier: Apache-2.0
//
// Free of MLIR, so that the program's front only parses.

#ifndef BN_DRIVER_OPTIONS_H
#define BN_DRIVER_OPTIONS_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bn::driver {

/// How a model is read.
enum class Initializers { Auto, Const, Overridable };

/// What executes a model: compiled code, or the plain interpreter in double.
enum class EngineKind { Jit, Reference };

/// What compiled convolutions and matrix products multiply: bf16 has half the bytes of f32 and 8 bits of mantissa.
enum class Precision { F32, BF16 };

/// How a model is executed.
struct ExecutionOptions {
  EngineKind engine = EngineKind::Jit;
  unsigned threads = 0;       ///< 0: one per core
  std::string processor = {}; ///< to compile for, by LLVM's name; empty: this machine's
  bool winograd = true;       ///< fast 3×3 convolutions, whose rounding errors are larger: see LowerOptions
  bool strassen = true;       ///< fast 1×1 convolutions, likewise
  Precision precision = Precision::F32;
  bool cache = false;         ///< keeps compiled code for the next process, see CodeCache
};

/// What is fed to a model.
struct InputOptions {
  std::vector<std::string> inputs; ///< NAME=TENSOR
  std::vector<std::string> shapes; ///< NAME=1x3x224x224
  std::vector<std::string> ranges; ///< [NAME:]lo,hi
  uint64_t seed = 0;
  int64_t batch = 0; ///< first dimension of inputs that nothing else fixes and that the model leaves open or has as 1; 0: 1
};

/// Where a model goes and how.
struct SaveOptions {
  std::string path;   ///< its ending tells the format; "-" or empty: stdout
  std::string format; ///< for stdout: onnx, onnxtxt, mlir or mlirbc
  bool externalData = false;
};

/// The tolerance that the user set; an absent one follows the element type.
struct ToleranceOptions {
  std::optional<double> relative, absolute;
};

/// What is done with the outputs of a model.
struct OutputOptions {
  std::vector<std::string> outputs;  ///< NAME=@FILE
  std::vector<std::string> expected; ///< NAME=TENSOR
  std::string directory;             ///< for NAME.npy of every output
  bool quiet = false;                ///< no summary of outputs that go to no file
  ToleranceOptions tolerance;
};

} // namespace bn::driver

#endif // BN_DRIVER_OPTIONS_H
