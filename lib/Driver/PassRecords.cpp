// PassRecords.cpp - listens to a pass manager.
// SPDX-License-Identifier: Apache-2.0

#include "PassRecords.h"

#include "bn/Optimize/Report.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/ADT/DenseMap.h"

#include <chrono>

using namespace mlir;

namespace bn::driver {

namespace {
class Recorder : public PassInstrumentation {
public:
  explicit Recorder(std::vector<PassRecord> &records) : records(records) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    if (pass->getArgument().empty()) // the adaptor that runs passes on functions
      return;
    auto [known, isNew] = numbers.try_emplace(pass, records.size());
    if (isNew)
      records.push_back({pass->getArgument().str()});
    records[known->second].nodesBefore += countNodes(op);
    start = std::chrono::steady_clock::now();
  }

  void runAfterPass(Pass *pass, Operation *op) override {
    auto known = numbers.find(pass);
    if (known == numbers.end())
      return;
    PassRecord &record = records[known->second];
    record.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    record.nodesAfter += countNodes(op);
  }

private:
  std::vector<PassRecord> &records;
  llvm::DenseMap<Pass *, size_t> numbers;
  std::chrono::steady_clock::time_point start;
};
} // namespace

void recordPasses(PassManager &manager, std::vector<PassRecord> &records) {
  manager.addInstrumentation(std::make_unique<Recorder>(records));
}

} // namespace bn::driver
