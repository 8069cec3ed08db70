// bn.cpp - the program for people who have a model.
// SPDX-License-Identifier: Apache-2.0
//
// Reads the command line; a verb is one function of the Driver library.

#include "Verbs.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>
#include <malloc.h>
#include <new>
#include <thread>
#include <unistd.h>

using namespace bn::tool;
using bn::driver::ExitCode;

namespace {
/// Shows a flag that may have a value as `--verify[=N]`.
class HelpFormatter : public CLI::Formatter {
  std::string make_option_name(const CLI::Option *option, bool isPositional) const override {
    std::string name = CLI::Formatter::make_option_name(option, isPositional);
    size_t value = name.find('{');
    return value == std::string::npos ? name : name.substr(0, value) + "[=N]";
  }
};
} // namespace

static int toInt(ExitCode code) { return static_cast<int>(code); }

/// Says that bn is at fault and ends with the exit code for that. Calls only what a signal handler may.
static void dieOfDefect(int) {
  constexpr char message[] = "error: internal: bn crashed, which is a defect of bn\n";
  (void)!write(STDERR_FILENO, message, sizeof message - 1);
  _exit(toInt(ExitCode::Defect));
}

static void dieOfMemory() {
  constexpr char message[] = "error: out of memory\n";
  (void)!write(STDERR_FILENO, message, sizeof message - 1);
  _exit(toInt(ExitCode::System));
}

/// A crash, an abort and a stack that overflows become exit code 6; the handler needs a stack of its own for the last.
static void installCrashHandler() {
  static char stack[1 << 16];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = dieOfDefect;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    sigaction(signal, &action, nullptr);
  std::set_new_handler(dieOfMemory);
}

/// The word of `known` that was probably meant, as the end of a message; empty when none is near.
static std::string suggest(llvm::StringRef word, const std::vector<std::string> &known) {
  constexpr unsigned near = 3;
  std::string best;
  unsigned distance = near + 1;
  for (llvm::StringRef candidate : known)
    if (unsigned d = word.edit_distance(candidate, true, distance); d < distance && d + 1 < candidate.size())
      best = candidate.str(), distance = d;
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

/// Results of one run leave their memory to those of the next: asking the system for it anew takes longer than many a model.
static void keepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20); // the most that there may be
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))); // not one for each thread that ever was
}

static int failUsage(const std::string &message, const std::string &verb) {
  llvm::errs() << "error: " << message << "\nsee: bn " << (verb.empty() ? "" : verb + " ") << "--help\n";
  return toInt(ExitCode::Usage);
}

/// A command line without a verb that exists.
static int explainVerb(const CLI::App &app) {
  std::vector<std::string> verbs, rest = app.remaining();
  for (const CLI::App *verb : app.get_subcommands([](const CLI::App *) { return true; }))
    verbs.push_back(verb->get_name());
  if (rest.empty())
    return failUsage("expected a verb: " + llvm::join(verbs, ", "), "");
  return failUsage("unknown " + std::string(rest[0][0] == '-' ? "option" : "verb") + " '" + rest[0] + "'" + suggest(rest[0], verbs), "");
}

/// Puts the parser's findings about a wrong command line in our words.
static int explain(const CLI::App &app, const CLI::ParseError &error) {
  std::vector<const CLI::App *> chosen;
  for (const CLI::App *verb : app.get_subcommands([](const CLI::App *verb) { return verb->parsed(); }))
    chosen.push_back(verb);
  if (chosen.empty())
    return explainVerb(app);
  const CLI::App &verb = *chosen[0];
  std::vector<std::string> rest = app.remaining(/*recurse=*/true), options;
  if (rest.empty() || error.get_exit_code() != static_cast<int>(CLI::ExitCodes::ExtrasError))
    return failUsage(error.what(), verb.get_name());
  // An option that nobody knows leaves its value behind as well.
  auto option = std::find_if(rest.begin(), rest.end(), [](const std::string &word) { return word[0] == '-'; });
  std::string name = llvm::StringRef(option == rest.end() ? rest[0] : *option).split('=').first.str();
  for (const CLI::Option *option : verb.get_options())
    for (const std::string &longName : option->get_lnames())
      options.push_back("--" + longName);
  return failUsage((name[0] == '-' ? "unknown option '" : "unexpected argument '") + name + "'" + suggest(name, options), verb.get_name());
}

/// Results are out only when stdout took them.
static bool flushStdout() {
  llvm::outs().flush();
  std::error_code failure = llvm::outs().error();
  llvm::outs().clear_error(); // a stream that dies with an error aborts the program
  if (failure)
    llvm::errs() << "error: cannot write stdout: " << failure.message() << '\n';
  return !failure;
}

int main(int argc, char **argv) {
  installCrashHandler();
  keepFreedMemory();
  CLI::App app("bn - the BatchNorm compiler: folds the BatchNorms of ONNX models, compiles the models, runs them", "bn");
  app.set_version_flag("--version", BN_VERSION_TEXT);
  app.set_help_flag("-h,--help", "shows this help");
  app.require_subcommand(1);
  app.formatter(std::make_shared<HelpFormatter>());
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  app.get_formatter()->label("Subcommands", "Verbs");
  app.get_formatter()->label("REQUIRED", "");
  app.footer("bn VERB --help shows the options of a verb. Exit codes: 0 done, 1 numbers differ, 2 wrong usage,\n"
             "3 cannot read or write, 4 not valid ONNX, 5 unsupported, 6 a defect of bn.");
  Action action;
  for (auto add : {addOptimize, addRestore, addConvert, addInspect, addRun, addCompile, addCheck, addVerify, addBench, addCalibrate,
                   addLayer})
    add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
      return app.exit(error);
    return explain(app, error);
  }
  llvm::Expected<ExitCode> exitCode = action();
  ExitCode result = exitCode ? *exitCode : bn::driver::report(exitCode.takeError(), llvm::errs());
  return toInt(flushStdout() ? result : ExitCode::System);
}
