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
  std::vector<std::string> words = start.through;
  words.emplace_back(SHRIKE_PROGRAM);
  words.insert(words.end(), start.words.begin(), start.words.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666), STDOUT_FILENO);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666), STDERR_FILENO);
  if (!start.folder.empty() && ::chdir(start.folder.c_str()) != 0) ::_exit(126);
  // Opened before: whoever the child becomes may not even see the folder the program lies in.
  const int program = ::open(SHRIKE_PROGRAM, O_PATH | O_CLOEXEC);
  if (start.prepare) start.prepare();
  if (start.through.empty()) ::fexecve(program, pointers.data(), environ);
  ::execvp(pointers[0], pointers.data());
  ::_exit(127);
}

// The exit code once the child has ended; on the way there the interrupt, when it is due.
int wait_for(pid_t child, const Start& start) {
  const auto begin = std::chrono::steady_clock::now();
  bool wanted = !start.interrupt_when.empty() || start.interrupt_after.count() >= 0;
  const auto due = [&] {
    return start.interrupt_when.empty()
               ? std::chrono::steady_clock::now() - begin >= start.interrupt_after
               : fs::exists(start.interrupt_when);
  };
  int status = 0;
  while (::waitpid(child, &status, wanted ? WNOHANG : 0) == 0) {
    if (due()) {
      ::kill(child, start.signal);
      if (start.again) {
        ::usleep(1000);
        ::kill(child, start.signal);
      }
      wanted = false;
    }
    ::usleep(500);
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
  outcome.code = wait_for(child, start);
  if (start.output.empty()) outcome.out = slurp(out);
  outcome.err = slurp(err);
  return outcome;
}

Outcome run_shrike(const std::vector<std::string>& words) {
  Start start;
  start.words = words;
  return run_shrike(start);
}

Variable::Variable(const char* name, const std::optional<std::string>& value) : name_(name) {
  if (const char* old = ::getenv(name)) old_ = old;
  value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
}

Variable::~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

}  // namespace shrike::testing
