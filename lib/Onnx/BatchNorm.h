// BatchNorm.h - BatchNormalization nodes of all versions as ops of the bn dialect, and back.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_BATCHNORM_H
#define BN_LIB_ONNX_BATCHNORM_H

#include "NodeExport.h"

#include "mlir/IR/Builders.h"

namespace bn::onnx {

/// Makes a `bn.inference` or `bn.training` of a node; null where the rules cannot express it. `outputs` counts its outputs.
mlir::Operation *importBatchNorm(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange operands, unsigned outputs,
                                 mlir::DictionaryAttr attributes, int64_t version);

/// The parts of the BatchNormalization that a bn op stands for.
NodeParts getBatchNormParts(mlir::Operation *op, int64_t version, const proto::NodeProto *residue);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_BATCHNORM_H
