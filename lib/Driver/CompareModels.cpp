// CompareModels.cpp - runs two models on the same inputs and compares what they answer.
// SPDX-License-Identifier: Apache-2.0

#include "CompareModels.h"

#include "bn/Driver/Compare.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/Progress.h"
#include "bn/Driver/Table.h"

using namespace mlir;
using llvm::Expected;

namespace bn::driver {

static std::vector<HostTensor> permute(ArrayRef<HostTensor> tensors, ArrayRef<size_t> positions) {
  std::vector<HostTensor> result;
  for (size_t position : positions)
    result.push_back(tensors[position]);
  return result;
}

Expected<std::vector<Verdict>> compareModels(ModelPair &models, ArrayRef<BoundInput> inputs, const InputOptions &options, unsigned draws,
                                             const ToleranceOptions &tolerance, bool quiet) {
  Progress progress(quiet);
  std::vector<Verdict> verdicts(models.outputNames.size());
  for (auto [verdict, name] : llvm::zip(verdicts, models.outputNames))
    verdict.output = name;
  for (unsigned draw = 0; draw < draws; ++draw) {
    progress.show("comparing " + Twine(draw + 1) + " of " + Twine(draws));
    Expected<std::vector<HostTensor>> tensors = makeInputs(inputs, options, draw);
    if (!tensors)
      return tensors.takeError();
    Expected<std::vector<HostTensor>> expected = models.expected.run(*tensors);
    if (!expected)
      return expected.takeError();
    Expected<std::vector<HostTensor>> actual = models.actual.run(permute(*tensors, models.inputs));
    if (!actual)
      return actual.takeError();
    for (auto [i, position] : llvm::enumerate(models.outputs)) {
      Comparison comparison = compare((*actual)[i], (*expected)[position], tolerance);
      Verdict &verdict = verdicts[position];
      verdict.type = formatType((*expected)[position].type);
      verdict.maxError = std::max(verdict.maxError, comparison.maxError);
      if (verdict.difference.empty())
        verdict.difference = comparison.difference;
    }
  }
  return verdicts;
}

bool printVerdicts(ArrayRef<Verdict> verdicts, bool quiet, raw_ostream &os) {
  bool equal = true;
  Table table({"output", "type", "largest error", "verdict"});
  for (const Verdict &verdict : verdicts)
    table.addRow({verdict.output, verdict.type, formatNumber(verdict.maxError), verdict.difference.empty() ? "equal" : "differs"});
  if (!quiet)
    table.print(os);
  for (const Verdict &verdict : verdicts)
    if (!verdict.difference.empty()) {
      os << "error: output '" << verdict.output << "': " << verdict.difference << '\n';
      equal = false;
    }
  return equal;
}

} // namespace bn::driver
