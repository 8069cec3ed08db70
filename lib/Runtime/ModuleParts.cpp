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

/// Declares what the functions of a module refer to and it does not have.
static void declareOthers(ModuleOp part, const llvm::DenseMap<StringAttr, LLVM::LLVMFuncOp> &functions) {
  llvm::SetVector<StringAttr> used;
  if (std::optional<SymbolTable::UseRange> uses = SymbolTable::getSymbolUses(&part.getRegion()))
    for (const SymbolTable::SymbolUse &use : *uses)
      used.insert(use.getSymbolRef().getRootReference());
  OpBuilder builder = OpBuilder::atBlockEnd(part.getBody());
  for (StringAttr name : used)
    if (LLVM::LLVMFuncOp function = functions.lookup(name); function && function->getParentOp() != part)
      LLVM::LLVMFuncOp::create(builder, function.getLoc(), name, function.getFunctionType());
}

std::vector<OwningOpRef<ModuleOp>> bn::splitModule(ModuleOp module, unsigned count) {
  auto functions = llvm::to_vector(module.getOps<LLVM::LLVMFuncOp>());
  std::vector<unsigned> parts = assignParts(functions, std::max(count, 1u));
  std::vector<OwningOpRef<ModuleOp>> modules;
  for (unsigned part = 0; part < std::max(count, 1u); ++part)
    modules.emplace_back(ModuleOp::create(module.getLoc()));
  llvm::DenseMap<StringAttr, LLVM::LLVMFuncOp> known;
  for (auto [function, part] : llvm::zip_equal(functions, parts)) {
    function->moveBefore(modules[part]->getBody(), modules[part]->getBody()->end());
    known[function.getSymNameAttr()] = function;
  }
  for (OwningOpRef<ModuleOp> &part : modules)
    declareOthers(*part, known);
  return modules;
}
