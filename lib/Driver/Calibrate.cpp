// Calibrate.cpp - the verb `calibrate`.
// SPDX-License-Identifier: Apache-2.0
//
// Joint: one pass over the data in which every layer normalizes with the statistics of its batch. Sequential: a pass for
// every level of the graph; the layers before one have their new statistics, so that the result does not depend on how the
// data is cut into batches. Either way the moments of all batches are pooled, unless a momentum asks for a moving average. A function
// that is called once is put in the place of its call before; the statistics of one that is called several times are those of all
// calls together. In the body of an If, a Loop, a Scan or a SequenceMap what runs counts, and of a batch all iterations together; a
// layer that never runs keeps what it has.

#include "bn/Driver/Calibrate.h"

#include "BatchFolder.h"
#include "BatchRunner.h"
#include "Stages.h"
#include "StatisticsGraph.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/ModelFile.h"
#include "bn/Driver/OutputFile.h"
#include "bn/Driver/Progress.h"
#include "bn/Driver/Table.h"
#include "bn/IR/Onnx/Names.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
/// What became of one layer.
struct CalibrationRecord {
  std::string node;
  size_t channels = 0;
  double count = 0;                  ///< elements a channel; 0 if it never ran
  double meanShift = 0;              ///< the largest move of a mean, in old standard deviations
  double minRatio = 0, maxRatio = 0; ///< new variance over old
};

class Calibration {
public:
  Calibration(ModuleOp module, const CalibrateOptions &options, Session &session)
      : module(module), options(options), session(session), progress(options.quiet) {}

  Error run();
  Error report() const;

private:
  Error runPass(ArrayRef<size_t> measured, const Twine &name);
  Error store(size_t number, Moments moments);

  ModuleOp module;
  const CalibrateOptions &options;
  Session &session;
  Progress progress;
  std::optional<BatchFolder> folder;
  std::vector<StatisticsSite> sites;
  std::vector<SkippedSite> skipped;
  std::vector<CalibrationRecord> records;
  unsigned passes = 0;
};
} // namespace

/// The moments that a graph returned for its layer number `i`.
static Moments readMoments(ArrayRef<HostTensor> results, size_t i) {
  auto read = [&](size_t part) {
    const HostTensor &tensor = results[3 * i + part];
    std::vector<double> values;
    for (int64_t c = 0; c < getNumNumbers(tensor); ++c)
      values.push_back(getReal(tensor, c));
    return values;
  };
  Moments moments(0);
  moments.mean = read(0), moments.variance = read(1), moments.count = read(2);
  return moments;
}

Error Calibration::runPass(ArrayRef<size_t> measured, const Twine &name) {
  SmallVector<StatisticsSite> chosen = llvm::map_to_vector(measured, [&](size_t number) { return sites[number]; });
  OwningOpRef<ModuleOp> graph = makeStatisticsGraph(module, chosen, options.mode == CalibrationMode::Joint);
  BatchRunner runner(*graph, options, session);
  std::vector<Moments> moments;
  for (size_t number : measured)
    moments.push_back(options.momentum ? getStatistics(sites[number]) : Moments(getStatistics(sites[number]).mean.size()));
  Error error = folder->forEachBatch([&](ArrayRef<HostTensor> batch, size_t file) -> Error {
    progress.show("calibrating" + name + ", file " + Twine(file + 1) + " of " + Twine(folder->getNumFiles()));
    Expected<std::vector<HostTensor>> results = runner.run(batch);
    if (!results)
      return results.takeError();
    for (auto [i, pooled] : llvm::enumerate(moments))
      options.momentum ? follow(pooled, readMoments(*results, i), *options.momentum) : merge(pooled, readMoments(*results, i));
    return Error::success();
  });
  ++passes;
  for (auto [number, pooled] : llvm::zip_equal(measured, moments))
    if (!error)
      error = store(number, std::move(pooled));
  return error;
}

Error Calibration::store(size_t number, Moments moments) {
  const StatisticsSite &site = sites[number];
  Moments old = getStatistics(site);
  mix(moments.mean, old.mean, options.mix);
  mix(moments.variance, old.variance, options.mix);
  CalibrationRecord &record = records[number];
  record = {onnx::getDisplayName(site.op), moments.mean.size(), 0, 0, INFINITY, 0};
  if (isInBody(site) && llvm::all_of(moments.count, [](double count) { return count == 0; })) {
    skipped.push_back({record.node, "did not run"});
    return Error::success();
  }
  for (size_t c = 0; c < moments.mean.size(); ++c) {
    if (moments.count[c] == 0)
      return makeError(std::errc::invalid_argument, "node '" + record.node + "': the data has no element for it");
    if (!std::isfinite(moments.mean[c]) || !std::isfinite(moments.variance[c]))
      return makeError(std::errc::invalid_argument,
                       "node '" + record.node + "': the statistics of channel " + Twine(c) + " are not finite");
    double ratio = moments.variance[c] / old.variance[c];
    record.count = std::max(record.count, moments.count[c]);
    record.meanShift = std::max(record.meanShift, std::abs(moments.mean[c] - old.mean[c]) / std::sqrt(old.variance[c]));
    record.minRatio = std::min(record.minRatio, ratio), record.maxRatio = std::max(record.maxRatio, ratio);
  }
  setStatistics(site, moments);
  return Error::success();
}

Error Calibration::run() {
  if (Error error = inlineBatchNorms(module, session))
    return error;
  Expected<func::FuncOp> main = getMainGraph(module);
  if (!main)
    return main.takeError();
  sites = findStatisticsSites(module, *main, skipped);
  records.resize(sites.size());
  if (sites.empty()) {
    std::string message = "the model has no BatchNormalization with constant statistics";
    for (const SkippedSite &site : skipped)
      message += (&site == &skipped.front() ? ": node '" : ", node '") + site.node + "': " + site.reason;
    return makeError(std::errc::invalid_argument, message);
  }
  Expected<BatchFolder> opened = BatchFolder::open(options.data, *main, options.batch);
  if (!opened)
    return opened.takeError();
  folder = std::move(*opened);
  if (options.mode == CalibrationMode::Joint)
    return runPass(llvm::to_vector(llvm::seq<size_t>(0, sites.size())), "");
  unsigned levels = 1 + llvm::max_element(sites, [](const auto &a, const auto &b) { return a.level < b.level; })->level;
  for (unsigned level = 0; level < levels; ++level) {
    SmallVector<size_t> measured;
    for (auto [number, site] : llvm::enumerate(sites))
      if (site.level == level)
        measured.push_back(number);
    if (Error error = runPass(measured, ", level " + Twine(level + 1) + " of " + Twine(levels)))
      return error;
  }
  return Error::success();
}

Error Calibration::report() const {
  if (!options.quiet) {
    Table table({"BatchNormalization", "channels", "elements", "mean moved by", "variance times"});
    for (const CalibrationRecord &record : records)
      if (record.count > 0)
        table.addRow({record.node, std::to_string(record.channels), formatNumber(record.count),
                      llvm::formatv("{0:f2} stddev", record.meanShift).str(),
                      llvm::formatv("{0:f2} to {1:f2}", record.minRatio, record.maxRatio).str()});
    for (const SkippedSite &site : skipped)
      table.addRow({site.node, "", "", "", "kept: " + site.reason});
    table.print(llvm::errs());
  }
  if (options.json.empty())
    return Error::success();
  return writeFile(options.json, [&](raw_ostream &os) {
    llvm::json::OStream json(os, 2);
    json.object([&] {
      json.attribute("model", options.model);
      json.attribute("passes", passes);
      json.attributeArray("batchnorms", [&] {
        for (const CalibrationRecord &record : records)
          if (record.count > 0)
            json.value(llvm::json::Object{{"node", record.node},
                                          {"channels", record.channels},
                                          {"elements", record.count},
                                          {"mean_shift", record.meanShift},
                                          {"variance_ratio", llvm::json::Array{record.minRatio, record.maxRatio}}});
      });
      json.attributeArray("kept", [&] {
        for (const SkippedSite &site : skipped)
          json.value(llvm::json::Object{{"node", site.node}, {"reason", site.reason}});
      });
    });
    os << '\n';
  });
}

Expected<ExitCode> calibrate(const CalibrateOptions &options) {
  if (Expected<ModelFormat> format = getSaveFormat(options.save); !format)
    return format.takeError();
  Session session;
  Expected<OwningOpRef<ModuleOp>> module = loadModel(options.model, session, options.initializers);
  if (!module)
    return module.takeError();
  {
    Calibration calibration(**module, options, session);
    if (Error error = calibration.run())
      return std::move(error);
    if (Error error = calibration.report())
      return std::move(error);
  }
  if (Error error = saveModel(**module, options.save))
    return std::move(error);
  return ExitCode::Done;
}

} // namespace bn::driver
