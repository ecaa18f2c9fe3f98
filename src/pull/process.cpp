#include "pull/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/file_descriptor.h"

extern char** environ;

namespace shrike {

namespace {

constexpr int kWaitMs = 200;
constexpr size_t kKeptBytes = 4096;  // of standard error: enough for its last line

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

struct Child {
  pid_t pid;
  int errors;  // its standard error
  bool shown;  // is passed on
  std::chrono::milliseconds patience;
};

// The next bytes of its standard error; empty at its end.
std::string heard(const Child& child) {
  char buffer[1024];
  ssize_t got;
  do {
    got = ::read(child.errors, buffer, sizeof buffer);
  } while (got < 0 && errno == EINTR);
  const std::string text(buffer, got > 0 ? static_cast<size_t>(got) : 0);
  if (child.shown) (void)!::write(STDERR_FILENO, text.data(), text.size());
  return text;
}

// Asks it and what it started to end, and ends them when that has not happened soon.
void stop(const Child& child) {
  ::kill(-child.pid, SIGTERM);
  const auto until = std::chrono::steady_clock::now() + child.patience;
  while (std::chrono::steady_clock::now() < until) {
    pollfd waiting{child.errors, POLLIN, 0};
    if (::poll(&waiting, 1, kWaitMs) > 0 && heard(child).empty()) break;
  }
  ::kill(-child.pid, SIGKILL);
}

struct Said {
  std::string tail;  // of standard error
  bool stopped = false;
};

// Reads until the program closes its standard error (it has ended) or is stopped.
Said listen_to(const Child& child, const GoOn& go_on) {
  Said said;
  for (;;) {
    pollfd waiting{child.errors, POLLIN, 0};
    if (::poll(&waiting, 1, go_on ? kWaitMs : -1) <= 0) {
      if (!go_on || go_on()) continue;
      stop(child);
      said.stopped = true;
      return said;
    }
    const std::string text = heard(child);
    if (text.empty()) return said;
    said.tail += text;
    if (said.tail.size() > 2 * kKeptBytes) said.tail.erase(0, said.tail.size() - kKeptBytes);
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

// What the child needs, made before the fork: after it, only calls that a signal handler may make.
struct Prepared {
  char* const* words;
  char* const* environment;
  pid_t parent;
  int input, output, errors, failure;  // descriptors; `failure` takes the errno of a failed start
};

[[noreturn]] void become_program(const Prepared& prepared) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != prepared.parent) ::_exit(127);  // it ended before the line above
  ::signal(SIGXFSZ, SIG_DFL);
  ::dup2(prepared.input, STDIN_FILENO);
  ::dup2(prepared.output, STDOUT_FILENO);
  ::dup2(prepared.errors, STDERR_FILENO);
  environ = const_cast<char**>(prepared.environment);
  ::execvp(prepared.words[0], prepared.words);
  const int error = errno;
  (void)!::write(prepared.failure, &error, sizeof error);
  ::_exit(127);
}

// The errno of a start that failed, 0 once the program runs.
int start_failure(int fd) {
  int error = 0;
  ssize_t got;
  do {
    got = ::read(fd, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == sizeof error ? error : 0;
}

}  // namespace

Result<void> run_program(const Command& command, const GoOn& go_on, int* exit_status) {
  const std::string& program = command.words.front();
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment = merged_environment(command.environment);

  const auto cannot_start = [&](int error) {
    return runtime_error("cannot start " + program + ": " + errno_text(error));
  };
  const FileDescriptor input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::string output_name = command.output ? command.output->string() : "/dev/null";
  const FileDescriptor output(
      ::open(output_name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (output.get() < 0)
    return runtime_error("cannot write " + output_name + ": " + errno_text(errno));
  int error_pipe[2], start_pipe[2];
  if (::pipe2(error_pipe, O_CLOEXEC) != 0) return cannot_start(errno);
  const FileDescriptor errors(error_pipe[0]);
  FileDescriptor errors_in(error_pipe[1]);
  if (::pipe2(start_pipe, O_CLOEXEC) != 0) return cannot_start(errno);
  const FileDescriptor start(start_pipe[0]);
  FileDescriptor start_in(start_pipe[1]);

  const std::vector<char*> argv = pointers(words), envp = pointers(environment);
  const Prepared prepared{argv.data(),  envp.data(),     ::getpid(),    input.get(),
                          output.get(), errors_in.get(), start_in.get()};
  const pid_t pid = ::fork();
  if (pid < 0) return cannot_start(errno);
  if (pid == 0) become_program(prepared);
  ::setpgid(pid, pid);  // here too: whichever comes first
  errors_in.close();
  start_in.close();
  const int failed = start_failure(start.get());
  const Said said = listen_to({pid, errors.get(), command.shown, command.patience}, go_on);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (exit_status) *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  if (failed == ENOENT) return runtime_error("the program " + program + " is not installed");
  if (failed != 0) return cannot_start(failed);
  if (said.stopped) return runtime_error(program + " was interrupted");
  return describe_end(program, status, said.tail);
}

Result<int> start_beside(const Command& command, bool shown) {
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment = merged_environment(command.environment);
  const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const std::vector<char*> argv = pointers(words), envp = pointers(environment);
  const pid_t parent = ::getpid(), pid = ::fork();
  if (pid < 0) return runtime_error("cannot start " + words[0] + ": " + errno_text(errno));
  if (pid > 0) return static_cast<int>(pid);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  ::dup2(nothing.get(), STDIN_FILENO);
  if (!shown) ::dup2(nothing.get(), STDOUT_FILENO);
  environ = const_cast<char**>(envp.data());
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

Error become(const std::filesystem::path& path, const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment) {
  std::vector<std::string> words{path.string()}, merged = merged_environment(environment);
  words.insert(words.end(), arguments.begin(), arguments.end());
  ::execvpe(words[0].c_str(), pointers(words).data(), pointers(merged).data());
  return runtime_error(path.string() + " could not be started: " + errno_text(errno));
}

}  // namespace shrike
