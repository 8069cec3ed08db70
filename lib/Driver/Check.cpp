// Check.cpp - the verb `check`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Check.h"

#include "ProcessPool.h"
#include "TestFolder.h"
#include "bn/Driver/OutputFile.h"
#include "bn/Driver/Progress.h"
#include "bn/Driver/Table.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

#include <thread>

using namespace llvm;

namespace bn::driver {

/// Adds the test folders at and below a directory.
static Error findTestFolders(StringRef directory, std::vector<std::string> &folders) {
  if (!sys::fs::exists(directory))
    return makeFileError("read", directory, std::make_error_code(std::errc::no_such_file_or_directory));
  size_t before = folders.size();
  auto isTestFolder = [](StringRef path) {
    return sys::fs::exists(path + "/model.onnx") && sys::fs::is_directory(path + "/test_data_set_0");
  };
  if (isTestFolder(directory))
    folders.push_back(directory.str());
  std::error_code code;
  for (sys::fs::recursive_directory_iterator entry(directory, code), end; entry != end && !code; entry.increment(code))
    if (isTestFolder(entry->path()))
      folders.push_back(entry->path());
  if (code)
    return makeFileError("read", directory, code);
  if (folders.size() == before)
    return makeError(std::errc::invalid_argument,
                     "expected ONNX test folders (model.onnx, test_data_set_0) below '" + directory + "', got none");
  std::sort(folders.begin() + before, folders.end());
  return Error::success();
}

/// A result as the text that a child process answers with, and back.
static std::string encode(const TestResult &result) { return std::to_string(static_cast<int>(result.status)) + result.reason; }
static TestResult decode(const WorkResult &work) {
  if (work.answer.empty())
    return {TestStatus::Failed, work.failure};
  return {static_cast<TestStatus>(work.answer[0] - '0'), work.answer.substr(1)};
}

static std::vector<TestResult> runTests(ArrayRef<std::string> folders, const CheckOptions &options) {
  std::vector<TestResult> results(folders.size());
  Progress progress(options.quiet);
  unsigned jobs = options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  ExecutionOptions execution = options.execution;
  if (execution.threads == 0 && jobs > 1)
    execution.threads = 1; // the cores are taken by other models
  size_t finished = 0;
  runInProcesses(
      folders.size(), jobs, options.timeout, [&](size_t i) { return encode(runTestFolder(folders[i], execution, options.tolerance)); },
      [&](size_t i, WorkResult work) {
        results[i] = decode(work);
        progress.show(Twine(++finished) + " of " + Twine(folders.size()) + "  " + sys::path::filename(folders[i]));
      });
  return results;
}

static size_t count(ArrayRef<TestResult> results, TestStatus status) {
  return count_if(results, [&](const TestResult &result) { return result.status == status; });
}

/// A reason without the name of its node, which differs from model to model.
static StringRef getKind(StringRef reason) {
  reason = reason.take_until([](char c) { return c == '\n'; });
  if (!reason.starts_with("node '"))
    return reason;
  size_t end = reason.find("' (");
  return end == StringRef::npos ? reason : reason.drop_front(end + 2);
}

static void printSkips(ArrayRef<TestResult> results, raw_ostream &os) {
  MapVector<StringRef, size_t> kinds;
  for (const TestResult &result : results)
    if (result.status == TestStatus::Skipped)
      ++kinds[getKind(result.reason)];
  auto sorted = kinds.takeVector();
  sort(sorted, [](const auto &a, const auto &b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  Table table({"skipped", "reason"});
  for (auto &[kind, number] : sorted)
    table.addRow({std::to_string(number), kind.str()});
  if (!table.empty())
    table.print(os);
}

static StringRef getName(TestStatus status) {
  static constexpr StringLiteral names[] = {"passed", "failed", "skipped"};
  return names[static_cast<int>(status)];
}

static Error writeJson(ArrayRef<std::string> folders, ArrayRef<TestResult> results, StringRef path) {
  return writeFile(path, [&](raw_ostream &os) {
    json::OStream json(os, 2);
    json.object([&] {
      for (TestStatus status : {TestStatus::Passed, TestStatus::Failed, TestStatus::Skipped})
        json.attribute(getName(status), static_cast<int64_t>(count(results, status)));
      json.attributeArray("tests", [&] {
        for (auto [folder, result] : zip(folders, results))
          json.object([&] {
            json.attribute("path", folder);
            json.attribute("status", getName(result.status));
            json.attribute("reason", json::isUTF8(result.reason) ? result.reason : json::fixUTF8(result.reason));
          });
      });
    });
    os << '\n';
  });
}

Expected<ExitCode> check(const CheckOptions &options) {
  std::vector<std::string> folders;
  for (const std::string &directory : options.directories)
    if (Error error = findTestFolders(directory, folders))
      return error;
  std::vector<TestResult> results = runTests(folders, options);

  raw_ostream &os = options.json == "-" ? errs() : outs();
  for (auto [folder, result] : zip(folders, results))
    if (result.status == TestStatus::Failed)
      os << "failed: " << folder << ": " << StringRef(result.reason).take_until([](char c) { return c == '\n'; }) << '\n';
  printSkips(results, os);
  size_t failures = count(results, TestStatus::Failed);
  os << count(results, TestStatus::Passed) << " passed, " << failures << " failed, " << count(results, TestStatus::Skipped) << " skipped\n";
  if (!options.json.empty())
    if (Error error = writeJson(folders, results, options.json))
      return error;
  return failures ? ExitCode::Differs : ExitCode::Done;
}

} // namespace bn::driver
