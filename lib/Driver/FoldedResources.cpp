// FoldedResources.cpp - the resources that hold the elements of constants which passes made.
// SPDX-License-Identifier: Apache-2.0

#include "FoldedResources.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Pass/PassInstrumentation.h"

using namespace mlir;

namespace bn::driver {

/// Their manager is the same for all constants.
static DialectResourceBlobManager &getManager(MLIRContext *context) {
  return DenseResourceElementsHandle::getManagerInterface(context).getBlobManager();
}

llvm::StringSet<> getResources(MLIRContext *context) {
  llvm::StringSet<> names;
  getManager(context).getBlobMap([&](const auto &blobs) {
    for (const auto &blob : blobs)
      names.insert(blob.getKey());
  });
  return names;
}

namespace {
class Cleaner : public PassInstrumentation {
public:
  explicit Cleaner(ModuleOp module) : module(module), done(getResources(module.getContext())) {}

  void runAfterPass(Pass *, Operation *) override {
    SmallVector<std::string> fresh;
    for (const auto &name : getResources(module.getContext()))
      if (!done.contains(name.getKey()))
        fresh.push_back(name.getKey().str());
    if (fresh.size() == left)
      return;
    llvm::StringSet<> used = getUsed();
    left = 0;
    for (const std::string &name : fresh)
      if (used.contains(name)) {
        ++left;
      } else {
        getManager(module.getContext()).update(name, AsmResourceBlob());
        done.insert(name);
      }
  }

private:
  /// The resources that the attributes of the module's ops refer to.
  llvm::StringSet<> getUsed() {
    llvm::StringSet<> names;
    AttrTypeWalker walker;
    walker.addWalk([&](DenseResourceElementsAttr elements) { names.insert(elements.getRawHandle().getKey()); });
    module.walk([&](Operation *op) { walker.walk(op->getAttrDictionary()); });
    return names;
  }

  ModuleOp module;
  llvm::StringSet<> done; ///< older than the passes, or freed
  size_t left = 0;        ///< of the passes' own, how many were in use the last time
};
} // namespace

void freeReplacedConstants(PassManager &passes, ModuleOp module) { passes.addInstrumentation(std::make_unique<Cleaner>(module)); }

} // namespace bn::driver
