// ReportWriters.h - the report of a fold as a table, as JSON and as a page.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_DRIVER_REPORTWRITERS_H
#define BN_LIB_DRIVER_REPORTWRITERS_H

#include "PassRecords.h"
#include "bn/Optimize/Report.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace bn::driver {

/// A report with what the driver knows of its making.
struct ReportContext {
  std::string model;
  std::vector<PassRecord> passes; ///< that ran, in order
};

void printReportTable(const Report &report, llvm::raw_ostream &os);
void writeReportJson(const Report &report, const ReportContext &context, llvm::raw_ostream &os);
void writeReportHtml(const Report &report, const ReportContext &context, llvm::raw_ostream &os);

/// What became of every BatchNormalization and every branch, as attributes of an open object.
void writeRecordsJson(llvm::json::OStream &json, const Report &report);

/// What became of a branch, or why it stays.
std::string describeFate(const BranchRecord &record);

/// What became of a BatchNormalization, for people: "folded into 'conv1'", or why it stays.
std::string describeFate(const BatchNormRecord &record);

/// Operators and how many nodes, the most frequent first.
std::vector<std::pair<std::string, int64_t>> sortOperators(const std::map<std::string, int64_t> &operators);

/// How many records have this decision.
size_t countDecision(const Report &report, Decision decision);

} // namespace bn::driver

#endif // BN_LIB_DRIVER_REPORTWRITERS_H
