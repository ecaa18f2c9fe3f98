#include "pull/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"

extern char** environ;

namespace shrike {

namespace {

constexpr int kWaitMs = 200;
constexpr size_t kKeptBytes = 4096;  // of standard error: enough for its last line

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }

  void open(int fd, const char* path, int flags) {
    posix_spawn_file_actions_addopen(&actions_, fd, path, flags, 0666);
  }
  void duplicate(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

// This process's environment with `added` in place of what it has under the same names.
std::vector<std::string> merged_environment(const std::vector<std::string>& added) {
  std::vector<std::string> result = added;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view name(*entry, std::strcspn(*entry, "="));
    bool replaced = false;
    for (const std::string& a : added) replaced |= a.substr(0, a.find('=')) == name;
    if (!replaced) result.emplace_back(*entry);
  }
  return result;
}

// Reads until the program closes its standard error (it has ended); keeps the end.
std::string read_tail(int fd, const std::function<void()>& on_wait) {
  std::string tail;
  char buffer[1024];
  for (;;) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, on_wait ? kWaitMs : -1) == 0) {
      on_wait();
      continue;
    }
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return tail;
    tail.append(buffer, static_cast<size_t>(got));
    if (tail.size() > 2 * kKeptBytes) tail.erase(0, tail.size() - kKeptBytes);
  }
}

std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  const size_t start = text.find_last_of("\r\n");
  return std::string(start == std::string_view::npos ? text : text.substr(start + 1));
}

Result<void> describe_end(const std::string& program, int status, const std::string& tail) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status))
    return runtime_error(program + " was stopped by " + strsignal(WTERMSIG(status)));
  const std::string line = last_line(tail);
  return runtime_error(program + " failed (exit status " + std::to_string(WEXITSTATUS(status)) +
                       ")" + (line.empty() ? "" : ": " + line));
}

}  // namespace

Result<void> run_program(const Command& command, const std::function<void()>& on_wait,
                         int* exit_status) {
  const std::string& program = command.words.front();
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment = merged_environment(command.environment);

  int error_pipe[2];
  if (::pipe2(error_pipe, O_CLOEXEC) != 0)
    return runtime_error("cannot start " + program + ": " + errno_text(errno));
  SpawnActions actions;
  const std::string output = command.output ? command.output->string() : "/dev/null";
  actions.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  actions.open(STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  actions.duplicate(error_pipe[1], STDERR_FILENO);

  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, program.c_str(), actions.get(), nullptr,
                                    pointers(words).data(), pointers(environment).data());
  ::close(error_pipe[1]);
  if (failed != 0) {
    ::close(error_pipe[0]);
    if (failed == ENOENT) return runtime_error("the program " + program + " is not installed");
    return runtime_error("cannot start " + program + ": " + errno_text(failed));
  }
  const std::string tail = read_tail(error_pipe[0], on_wait);
  ::close(error_pipe[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (exit_status) *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return describe_end(program, status, tail);
}

}  // namespace shrike
