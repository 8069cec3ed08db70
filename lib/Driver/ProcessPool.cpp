// ProcessPool.cpp - work in processes of its own.
// SPDX-License-Identifier: Apache-2.0
//
// A child writes its answer into a temporary file without a name, so that neither side ever waits for a full pipe.

#include "ProcessPool.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/Twine.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bn::driver {

namespace {
struct Child {
  size_t index;
  int file;
};
} // namespace

[[noreturn]] static void runChild(int file, unsigned timeout, llvm::function_ref<std::string()> work) {
  // What a crash prints is noise: the parent tells of it in one line.
  if (int null = open("/dev/null", O_WRONLY); null >= 0)
    dup2(null, STDERR_FILENO);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM})
    std::signal(signal, SIG_DFL);
  alarm(timeout);
  std::string answer = work();
  const char *from = answer.data(), *end = from + answer.size();
  while (from < end) {
    ssize_t written = write(file, from, end - from);
    if (written <= 0)
      _exit(1);
    from += written;
  }
  _exit(0);
}

static std::string readAnswer(int file) {
  std::string answer(lseek(file, 0, SEEK_END), '\0');
  ssize_t got = pread(file, answer.data(), answer.size(), 0);
  answer.resize(got < 0 ? 0 : got);
  return answer;
}

static WorkResult collect(int file, int status, unsigned timeout) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return {readAnswer(file), ""};
  if (WIFEXITED(status))
    return {"", ("ended with exit code " + llvm::Twine(WEXITSTATUS(status))).str()};
  if (WTERMSIG(status) == SIGALRM)
    return {"", ("took longer than " + llvm::Twine(timeout) + " seconds").str()};
  return {"", (llvm::Twine("crashed: ") + strsignal(WTERMSIG(status))).str()};
}

void runInProcesses(size_t count, unsigned jobs, unsigned timeout, llvm::function_ref<std::string(size_t)> work,
                    llvm::function_ref<void(size_t, WorkResult)> done) {
  llvm::DenseMap<pid_t, Child> children;
  for (size_t next = 0; next < count || !children.empty();) {
    if (next < count && children.size() < jobs) {
      size_t index = next++;
      int file = memfd_create("bn-answer", MFD_CLOEXEC);
      pid_t child = file < 0 ? -1 : fork();
      if (child == 0)
        runChild(file, timeout, [&] { return work(index); });
      if (child > 0)
        children[child] = {index, file};
      else
        done(index, {"", std::string("cannot start a process: ") + std::strerror(errno)});
      continue;
    }
    int status = 0;
    auto child = children.find(waitpid(-1, &status, 0));
    if (child == children.end())
      continue;
    done(child->second.index, collect(child->second.file, status, timeout));
    close(child->second.file);
    children.erase(child);
  }
}

} // namespace bn::driver
