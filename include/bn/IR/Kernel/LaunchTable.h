// LaunchTable.h - what a module in llvm form says about its shared loops, in the order that the code numbers them.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_IR_KERNEL_LAUNCHTABLE_H
#define BN_IR_KERNEL_LAUNCHTABLE_H

#include "bn/IR/Kernel/ModuleAttributes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace bn::kernel {

/// A shared loop of a model.
struct LaunchInfo {
  std::string nodes; ///< the nodes that it computes
  int64_t flops = 0; ///< floating-point operations, a fused multiply-add counting as two
  int64_t bytes = 0; ///< size of the buffers that it reads and writes
};

/// Writes the module's `kernel.launches`.
inline void setLaunches(mlir::ModuleOp module, llvm::ArrayRef<LaunchInfo> launches) {
  mlir::Builder builder(module.getContext());
  module->setAttr(kLaunchesAttr, builder.getArrayAttr(llvm::map_to_vector(launches, [&](const LaunchInfo &launch) -> mlir::Attribute {
    return builder.getDictionaryAttr({builder.getNamedAttr("nodes", builder.getStringAttr(launch.nodes)),
                                      builder.getNamedAttr("flops", builder.getI64IntegerAttr(launch.flops)),
                                      builder.getNamedAttr("bytes", builder.getI64IntegerAttr(launch.bytes))});
  })));
}

/// Reads them; none where the module has no table.
inline std::vector<LaunchInfo> getLaunches(mlir::ModuleOp module) {
  std::vector<LaunchInfo> launches;
  if (auto table = module->getAttrOfType<mlir::ArrayAttr>(kLaunchesAttr))
    for (auto launch : table.getAsRange<mlir::DictionaryAttr>())
      launches.push_back({launch.getAs<mlir::StringAttr>("nodes").str(), launch.getAs<mlir::IntegerAttr>("flops").getInt(),
                          launch.getAs<mlir::IntegerAttr>("bytes").getInt()});
  return launches;
}

} // namespace bn::kernel

#endif // BN_IR_KERNEL_LAUNCHTABLE_H
