// ReportJson.cpp - the report of a fold as JSON and as a table.
// SPDX-License-Identifier: Apache-2.0

#include "ReportWriters.h"

#include "bn/Driver/Table.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace bn::driver {

/// A name as JSON takes it.
static std::string text(StringRef name) { return json::isUTF8(name) ? name.str() : json::fixUTF8(name); }

static void writeNames(json::OStream &json, StringRef key, ArrayRef<std::string> names) {
  json.attributeArray(key, [&] {
    for (const std::string &name : names)
      json.value(text(name));
  });
}

static void writeRange(json::OStream &json, StringRef key, const std::optional<std::pair<double, double>> &range) {
  if (range)
    json.attributeArray(key, [&] {
      json.value(range->first);
      json.value(range->second);
    });
}

static void writeRecordJson(json::OStream &json, const BatchNormRecord &record) {
  json.object([&] {
    json.attribute("node", text(record.node));
    json.attribute("version", record.version);
    json.attribute("mode", record.mode);
    json.attribute("producer", text(record.producer));
    json.attribute("producer_operator", record.producerOperator);
    writeNames(json, "consumers", record.consumers);
    json.attribute("decision", getName(record.decision));
    writeNames(json, "into", record.into);
    json.attribute("reason", record.reason);
    if (!record.reasonBehind.empty())
      json.attribute("reason_behind", record.reasonBehind);
    json.attribute("message", record.message);
    if (record.weightsBefore || record.weightsAfter)
      json.attributeObject("weight_range", [&] {
        writeRange(json, "before", record.weightsBefore);
        writeRange(json, "after", record.weightsAfter);
      });
    if (record.maxError)
      json.attribute("max_error_estimate", *record.maxError);
  });
}

static void writeBranchJson(json::OStream &json, const BranchRecord &record) {
  json.object([&] {
    json.attribute("node", text(record.node));
    json.attribute("decision", getName(record.decision));
    json.attribute("into", text(record.into));
    json.attribute("reason", record.reason);
    json.attribute("message", record.message);
  });
}

void writeRecordsJson(json::OStream &json, const Report &report) {
  json.attributeArray("batchnorms", [&] {
    for (const BatchNormRecord &record : report.batchNorms)
      writeRecordJson(json, record);
  });
  json.attributeArray("branches", [&] {
    for (const BranchRecord &record : report.branches)
      writeBranchJson(json, record);
  });
}

void writeReportJson(const Report &report, const ReportContext &context, raw_ostream &os) {
  json::OStream json(os, 2);
  auto change = [&](StringRef key, int64_t before, int64_t after) {
    json.attributeObject(key, [&] {
      json.attribute("before", before);
      json.attribute("after", after);
    });
  };
  json.object([&] {
    json.attribute("model", text(context.model));
    change("nodes", report.before.nodes, report.after.nodes);
    change("bytes", report.before.bytes, report.after.bytes);
    writeRecordsJson(json, report);
    json.attributeArray("passes", [&] {
      for (const PassRecord &pass : context.passes)
        json.object([&] {
          json.attribute("name", pass.name);
          json.attribute("seconds", pass.seconds);
          change("nodes", pass.nodesBefore, pass.nodesAfter);
        });
    });
  });
  os << '\n';
}

std::string describeFate(const BatchNormRecord &record) {
  if (record.decision == Decision::Kept)
    return record.message.empty() ? record.reason : record.message;
  return record.into.empty() ? "" : "into " + join(record.into, ", ");
}

std::string describeFate(const BranchRecord &record) {
  return record.decision == Decision::Kept ? record.message : "into " + record.into;
}

size_t countDecision(const Report &report, Decision decision) {
  return count_if(report.batchNorms, [&](const BatchNormRecord &record) { return record.decision == decision; });
}

std::vector<std::pair<std::string, int64_t>> sortOperators(const std::map<std::string, int64_t> &operators) {
  std::vector<std::pair<std::string, int64_t>> sorted(operators.begin(), operators.end());
  llvm::sort(sorted, [](const auto &a, const auto &b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  return sorted;
}

void printReportTable(const Report &report, raw_ostream &os) {
  constexpr size_t width = 80;
  Table table({"BatchNormalization", "behind", "decision", "where, or why"});
  for (const BatchNormRecord &record : report.batchNorms)
    table.addRow({record.node, record.producerOperator.empty() ? "an input" : record.producerOperator, getName(record.decision).str(),
                  describeFate(record)});
  if (!table.empty())
    table.print(os, width);
  Table branches({"branch", "decision", "where, or why"});
  for (const BranchRecord &record : report.branches)
    branches.addRow({record.node, getName(record.decision).str(), describeFate(record)});
  if (!branches.empty())
    branches.print(os << '\n', width);
  os << "nodes " << report.before.nodes << " -> " << report.after.nodes << ", BatchNormalizations " << report.batchNorms.size() << " -> "
     << report.after.batchNorms.size() << ", weights " << formatv("{0:F2}", report.before.bytes / 1e6) << " -> "
     << formatv("{0:F2}", report.after.bytes / 1e6) << " MB\n";
}

} // namespace bn::driver
