// ReportHtml.cpp - the report of a fold as one self-contained page.
// SPDX-License-Identifier: Apache-2.0

#include "ReportWriters.h"

#include "bn/Driver/Elements.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace bn::driver {

static constexpr StringLiteral pageHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>bn optimize</title><style>
:root { color-scheme: light dark; --ink: #1c2430; --soft: #667085; --line: #e4e7ec; --page: #f7f8fa; --card: #fff;
  --folded: #067647; --merged: #175cd3; --moved: #6941c6; --kept: #b54708; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2c3442; --page: #11151c; --card: #1a202a;
  --folded: #47cd89; --merged: #84adff; --moved: #bdb4fe; --kept: #fdb022; } }
* { box-sizing: border-box } body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.5rem } h1 { font-size: 1.5rem; margin: 0 } .sub { color: var(--soft); margin: .25rem 0 2rem }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem; margin-bottom: 2rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.25rem }
.card b { display: block; font-size: 1.6rem; font-weight: 600; font-variant-numeric: tabular-nums } .card span { color: var(--soft) }
.bar { display: flex; height: .6rem; border-radius: .3rem; overflow: hidden; margin: 0 0 2rem; background: var(--line) }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .75rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .55rem 1rem; border-top: 1px solid var(--line); vertical-align: top }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: .85rem } td.name { font-family: ui-monospace, monospace; font-size: .85rem; overflow-wrap: anywhere }
.chip { padding: .1rem .55rem; border-radius: 1rem; border: 1px solid; font-size: .8rem; white-space: nowrap }
.folded { color: var(--folded) } .merged { color: var(--merged) } .moved { color: var(--moved) } .kept { color: var(--kept) }
i.folded { background: var(--folded) } i.merged { background: var(--merged) } i.moved { background: var(--moved) } i.kept { background: var(--kept) }
td.range { font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--soft) }
</style></head><body><main>
)";

static std::string escape(StringRef text) {
  std::string escaped;
  for (char c : text)
    switch (c) {
    case '<':
      escaped += "&lt;";
      break;
    case '&':
      escaped += "&amp;";
      break;
    case '"':
      escaped += "&quot;";
      break;
    default:
      escaped += c;
    }
  return escaped;
}

static void writeCard(raw_ostream &os, StringRef label, const std::string &before, const std::string &after) {
  os << "<div class=\"card\"><span>" << label << "</span><b>" << before << " &rarr; " << after << "</b></div>\n";
}

static std::string formatRange(const std::optional<std::pair<double, double>> &range) {
  return range ? formatNumber(range->first) + " .. " + formatNumber(range->second) : "";
}

static void writeRow(raw_ostream &os, const BatchNormRecord &record) {
  os << "<tr><td class=\"name\">" << escape(record.node) << "</td><td>" << escape(record.producerOperator) << "</td><td><span class=\"chip "
     << getName(record.decision) << "\">" << getName(record.decision) << "</span></td><td>" << escape(describeFate(record))
     << "</td><td class=\"range\">" << formatRange(record.weightsBefore) << (record.weightsBefore && record.weightsAfter ? "<br>" : "")
     << formatRange(record.weightsAfter) << "</td></tr>\n";
}

void writeReportHtml(const Report &report, const ReportContext &context, raw_ostream &os) {
  os << pageHead << "<h1>What became of the BatchNorms</h1><p class=\"sub\">" << escape(context.model) << "</p>\n<div class=\"cards\">";
  writeCard(os, "BatchNormalizations", std::to_string(report.batchNorms.size()), std::to_string(report.after.batchNorms.size()));
  writeCard(os, "Nodes", std::to_string(report.before.nodes), std::to_string(report.after.nodes));
  writeCard(os, "Weights, MB", formatv("{0:F2}", report.before.bytes / 1e6), formatv("{0:F2}", report.after.bytes / 1e6));
  os << "</div>\n<div class=\"bar\">";
  for (Decision decision : {Decision::Folded, Decision::Merged, Decision::Moved, Decision::Kept})
    os << "<i class=\"" << getName(decision) << "\" style=\"flex:" << countDecision(report, decision) << "\" title=\""
       << countDecision(report, decision) << ' ' << getName(decision) << "\"></i>";
  os << "</div>\n<div class=\"wide\"><table><thead><tr><th>BatchNormalization</th><th>Behind</th><th>Decision</th><th>Where, or why</th>"
        "<th>Weights before, after</th></tr></thead><tbody>\n";
  for (const BatchNormRecord &record : report.batchNorms)
    writeRow(os, record);
  os << "</tbody></table></div></main></body></html>\n";
}

} // namespace bn::driver
