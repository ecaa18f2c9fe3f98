#include "program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "pull/test_folder.h"

namespace shrike::testing {

namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

[[noreturn]] void become_program(const Start& start, const fs::path& out, const fs::path& err) {
  std::vector<std::string> words = {SHRIKE_PROGRAM};
  words.insert(words.end(), start.words.begin(), start.words.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0666), STDOUT_FILENO);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0666), STDERR_FILENO);
  if (!start.folder.empty() && ::chdir(start.folder.c_str()) != 0) ::_exit(126);
  ::execv(SHRIKE_PROGRAM, pointers.data());
  ::_exit(127);
}

// The exit code once the child has ended; on the way there the interrupt, when it is due.
int wait_for(pid_t child, fs::path interrupt_when, int signal) {
  int status = 0;
  while (::waitpid(child, &status, interrupt_when.empty() ? 0 : WNOHANG) == 0) {
    if (fs::exists(interrupt_when)) {
      ::kill(child, signal);
      interrupt_when.clear();
    }
    ::usleep(1000);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Outcome run_shrike(const Start& start) {
  const TestFolder folder;
  const fs::path out = start.output.empty() ? folder.path() / "out" : start.output;
  const fs::path err = folder.path() / "err";
  const pid_t child = ::fork();
  if (child == 0) become_program(start, out, err);
  Outcome outcome;
  outcome.code = wait_for(child, start.interrupt_when, start.signal);
  if (start.output.empty()) outcome.out = slurp(out);
  outcome.err = slurp(err);
  return outcome;
}

Outcome run_shrike(const std::vector<std::string>& words) {
  return run_shrike(Start{words, {}, {}, {}});
}

Variable::Variable(const char* name, const std::string& value) : name_(name) {
  if (const char* old = ::getenv(name)) old_ = old;
  ::setenv(name, value.c_str(), 1);
}

Variable::~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

}  // namespace shrike::testing
