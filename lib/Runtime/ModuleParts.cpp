// ModuleParts.cpp - a module in llvm form cut into parts that can be compiled at once.
// SPDX-License-Identifier: Apache-2.0

#include "ModuleParts.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

#include <numeric>

using namespace mlir;

static int64_t sizeOf(LLVM::LLVMFuncOp function) {
  int64_t ops = 0;
  function.walk([&](Operation *) { ++ops; });
  return ops;
}

/// For each function its part: the largest first, each into the part that is smallest so far.
static std::vector<unsigned> assignParts(ArrayRef<LLVM::LLVMFuncOp> functions, unsigned count) {
  std::vector<int64_t> sizes, load(count, 0);
  for (LLVM::LLVMFuncOp function : functions)
    sizes.push_back(sizeOf(function));
  std::vector<size_t> order(functions.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](size_t a, size_t b) { return std::pair(-sizes[a], a) < std::pair(-sizes[b], b); });
  std::vector<unsigned> parts(functions.size());
  for (size_t i : order) {
    parts[i] = std::min_element(load.begin(), load.end()) - load.begin();
    load[parts[i]] += sizes[i];
  }
  return parts;
}

std::vector<OwningOpRef<ModuleOp>> bn::splitModule(ModuleOp module, unsigned count) {
  auto functions = llvm::to_vector(module.getOps<LLVM::LLVMFuncOp>());
  std::vector<unsigned> parts = assignParts(functions, std::max(count, 1u));
  std::vector<OwningOpRef<ModuleOp>> modules;
  for (unsigned part = 0; part < std::max(count, 1u); ++part) {
    modules.emplace_back(ModuleOp::create(module.getLoc()));
    OpBuilder builder = OpBuilder::atBlockEnd(modules.back()->getBody());
    for (auto [function, own] : llvm::zip_equal(functions, parts))
      if (own == part)
        function->moveBefore(builder.getBlock(), builder.getInsertionPoint());
      else
        LLVM::LLVMFuncOp::create(builder, function.getLoc(), function.getName(), function.getFunctionType());
  }
  return modules;
}
