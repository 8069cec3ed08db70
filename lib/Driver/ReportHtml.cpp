// ReportHtml.cpp - the report of a fold as one self-contained page.
// SPDX-License-Identifier: Apache-2.0

#include "ReportWriters.h"

#include "bn/Driver/Elements.h"
#include "llvm/Support/FormatVariadic.h"

#include <limits>
#include <map>

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
td.range { font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--soft) } td.number, th.number { text-align: right }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem } .wide.narrow { display: inline-block; min-width: 24rem; max-width: 100% } td.more { color: var(--kept) }
td.less { color: var(--folded) } svg { display: block; width: 12rem; height: 3rem; margin-top: .35rem } svg .before { fill: var(--line) }
svg .after { fill: var(--folded) } svg .zero { fill: var(--soft) } .legend { color: var(--soft); font-size: .85rem; margin: .5rem 0 0 }
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

/// As many neighbouring channels in one column as it takes to show at most `columns`.
static ChannelRanges joinChannels(const ChannelRanges &channels, size_t columns) {
  ChannelRanges joined;
  size_t width = divideCeil(channels.size(), columns);
  for (size_t i = 0; i < channels.size(); ++i)
    if (i % width == 0)
      joined.push_back(channels[i]);
    else
      joined.back() = {std::min(joined.back().first, channels[i].first), std::max(joined.back().second, channels[i].second)};
  return joined;
}

/// A bar for each channel from its smallest to its largest weight: before folding wide and pale, after it narrow.
static void writeChannels(raw_ostream &os, const BatchNormRecord &record) {
  if (record.channelsBefore.empty())
    return;
  constexpr size_t columns = 64;
  ChannelRanges before = joinChannels(record.channelsBefore, columns), after = joinChannels(record.channelsAfter, columns);
  double largest = std::numeric_limits<double>::min();
  for (const ChannelRanges &ranges : {before, after})
    for (auto [low, high] : ranges)
      largest = std::max({largest, -low, high});
  os << "<svg viewBox=\"0 -1 " << before.size() << " 2\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"weights of each channel\">";
  auto writeBars = [&](const ChannelRanges &ranges, StringRef name, double width) {
    for (auto [i, range] : enumerate(ranges))
      os << formatv("<rect class=\"{0}\" x=\"{1:F2}\" y=\"{2:F3}\" width=\"{3:F2}\" height=\"{4:F3}\"/>", name, i + (1 - width) / 2,
                    -range.second / largest, width, std::max(0.02, (range.second - range.first) / largest));
  };
  writeBars(before, "before", 1.0);
  writeBars(after, "after", 0.4);
  os << "<rect class=\"zero\" x=\"0\" y=\"-0.01\" width=\"" << before.size() << "\" height=\"0.02\"/></svg>";
}

/// Every operator of the model with its number of nodes before and after.
static void writeOperators(raw_ostream &os, const Report &report) {
  std::map<std::string, int64_t> all = report.before.operators;
  all.insert(report.after.operators.begin(), report.after.operators.end());
  auto count = [](const std::map<std::string, int64_t> &operators, const std::string &name) {
    auto found = operators.find(name);
    return found == operators.end() ? 0 : found->second;
  };
  os << "<h2>The graph</h2><div class=\"wide narrow\"><table><thead><tr><th>Operator</th><th class=\"number\">Before</th>"
        "<th class=\"number\">After</th></tr></thead><tbody>\n";
  for (const auto &[name, unused] : sortOperators(all)) {
    int64_t before = count(report.before.operators, name), after = count(report.after.operators, name);
    os << "<tr><td>" << escape(name) << "</td><td class=\"number\">" << before << "</td><td class=\"number"
       << (after < before ? " less" : after > before ? " more" : "") << "\">" << after << "</td></tr>\n";
  }
  os << "</tbody></table></div>\n";
}

static void writeBranches(raw_ostream &os, ArrayRef<BranchRecord> branches) {
  if (branches.empty())
    return;
  os << "<h2>Parallel branches</h2><div class=\"wide\"><table><thead><tr><th>Branch</th><th>Decision</th><th>Where, or why</th></tr>"
        "</thead><tbody>\n";
  for (const BranchRecord &record : branches)
    os << "<tr><td class=\"name\">" << escape(record.node) << "</td><td><span class=\"chip " << getName(record.decision) << "\">"
       << getName(record.decision) << "</span></td><td>" << escape(describeFate(record)) << "</td></tr>\n";
  os << "</tbody></table></div>\n";
}

static void writePasses(raw_ostream &os, ArrayRef<PassRecord> passes) {
  os << "<h2>The passes</h2><div class=\"wide narrow\"><table><thead><tr><th>Pass</th><th class=\"number\">Milliseconds</th>"
        "<th class=\"number\">Nodes</th></tr></thead><tbody>\n";
  for (const PassRecord &pass : passes)
    os << "<tr><td class=\"name\">" << pass.name << "</td><td class=\"number\">" << formatv("{0:F1}", pass.seconds * 1e3)
       << "</td><td class=\"number\">" << pass.nodesBefore << " &rarr; " << pass.nodesAfter << "</td></tr>\n";
  os << "</tbody></table></div>\n";
}

static void writeRow(raw_ostream &os, const BatchNormRecord &record) {
  os << "<tr><td class=\"name\">" << escape(record.node) << "</td><td>" << escape(record.producerOperator) << "</td><td><span class=\"chip "
     << getName(record.decision) << "\">" << getName(record.decision) << "</span></td><td>" << escape(describeFate(record))
     << "</td><td class=\"range\">" << formatRange(record.weightsBefore) << (record.weightsBefore && record.weightsAfter ? "<br>" : "")
     << formatRange(record.weightsAfter);
  writeChannels(os, record);
  os << "</td><td class=\"range\">" << (record.maxError ? formatNumber(*record.maxError) : "") << "</td></tr>\n";
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
        "<th>Weights before, after, by channel</th><th>Largest error</th></tr></thead><tbody>\n";
  for (const BatchNormRecord &record : report.batchNorms)
    writeRow(os, record);
  os << "</tbody></table></div>\n<p class=\"legend\">Bars: the smallest to the largest weight of each channel, before (wide) and after "
        "(narrow). Largest error: what rounding the folded weights can change in a result, for inputs of that node up to 1.</p>\n";
  writeBranches(os, report.branches);
  writeOperators(os, report);
  writePasses(os, context.passes);
  os << "</main></body></html>\n";
}

} // namespace bn::driver
