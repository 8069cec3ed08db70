// LinearOps.h - the operators whose weights can take a per-channel a·x + b of their result.
// SPDX-License-Identifier: Apache-2.0
//
// One description serves them all: where the weight is, how its elements map to output channels, and what the bias is.
// A further operator is a further row of the table in LinearOps.cpp.

#ifndef BN_OPTIMIZE_LINEAROPS_H
#define BN_OPTIMIZE_LINEAROPS_H

#include "ChannelMath.h"
#include "Initializers.h"

namespace bn {

/// result = weightFactor·weight ⊛ input + biasFactor·bias, output channels along `axis` of the result.
struct LinearForm {
  mlir::OpOperand *weight = nullptr;
  mlir::OpOperand *bias = nullptr; ///< null where the operator takes none; the operand may be absent
  ChannelLayout layout;
  int64_t axis = 1;
  double weightFactor = 1, biasFactor = 1;
};

/// Describes `op` as a linear map with constant weights. ProducerNotLinear, NonlinearBetween, WeightsNotConstant or
/// UnknownShape where it is none.
Reason describeLinear(mlir::Operation *op, LinearForm &form);

/// How the weight of a linear node meets one of its inputs: weight ⊛ (a·x + b) = (weight·a) ⊛ x + sums, channels along `axis` of x.
struct InputForm {
  mlir::OpOperand *weight = nullptr;
  ChannelLayout layout; ///< of input channels
  int64_t axis = 1;
  Reason offset = Reason::None; ///< why a shift of the input is no shift of the result
  bool sumsPerInner = false;    ///< the result's channels are the weight's inner index, not group and outer index
  double factor = 1;            ///< of the product
};

/// Describes how `use` enters a linear map with constant weights. ConsumerNotLinear, WeightsNotConstant or UnknownShape where it
/// does not.
Reason describeInput(mlir::OpOperand &use, InputForm &form);

/// Whether a value is read once, and no output of its graph. ProducerHasOtherUsers or GraphOutput where it is not.
Reason checkSoleReader(mlir::Value value);

} // namespace bn

#endif // BN_OPTIMIZE_LINEAROPS_H
