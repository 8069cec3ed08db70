// KernelBufferization.cpp - how the kernel dialect's ops become ops on memrefs.
// SPDX-License-Identifier: Apache-2.0
//
// Every op writes all of its destination and reads none of it, so bufferization never copies into one.

#include "bn/IR/Kernel/Kernel.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace bn::kernel;

namespace {
template <typename OpTy> struct DestinationModel : DstBufferizableOpInterfaceExternalModel<DestinationModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options, BufferizationState &state) const {
    SmallVector<Value> operands;
    for (Value value : op->getOperands()) {
      if (!isa<TensorType>(value.getType())) {
        operands.push_back(value);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, value, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    SmallVector<Value> inits;
    for (OpOperand &init : cast<DestinationStyleOpInterface>(op).getDpsInitsMutable())
      inits.push_back(operands[init.getOperandNumber()]);
    OperationState newState(op->getLoc(), op->getName(), operands, {}, op->getDiscardableAttrDictionary().getValue());
    newState.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions())
      newState.addRegion()->takeBody(region);
    rewriter.create(newState);
    replaceOpWithBufferizedValues(rewriter, op, inits);
    return success();
  }
};
} // namespace

void bn::kernel::registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, KernelDialect *) {
    ConvOp::attachInterface<DestinationModel<ConvOp>>(*context);
    GroupedConvOp::attachInterface<DestinationModel<GroupedConvOp>>(*context);
    MatmulOp::attachInterface<DestinationModel<MatmulOp>>(*context);
    NormalizeOp::attachInterface<DestinationModel<NormalizeOp>>(*context);
    PoolOp::attachInterface<DestinationModel<PoolOp>>(*context);
    SoftmaxOp::attachInterface<DestinationModel<SoftmaxOp>>(*context);
    StrassenConvOp::attachInterface<DestinationModel<StrassenConvOp>>(*context);
    WinogradInputOp::attachInterface<DestinationModel<WinogradInputOp>>(*context);
    WinogradOutputOp::attachInterface<DestinationModel<WinogradOutputOp>>(*context);
    PackOp::attachInterface<DestinationModel<PackOp>>(*context);
    UnpackOp::attachInterface<DestinationModel<UnpackOp>>(*context);
  });
}
