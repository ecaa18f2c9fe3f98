#include "watched.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace shrike::mutations {

namespace {

[[noreturn]] void become(const std::vector<std::string>& words, size_t address_space,
                         double most_seconds, const std::filesystem::path& scratch) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  if (address_space > 0) {
    const rlimit limit{address_space, address_space};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(126);
  }
  const auto cpu = static_cast<rlim_t>(most_seconds) + 1;
  const rlimit cpu_limit{cpu, cpu}, no_core{0, 0};
  ::setrlimit(RLIMIT_CPU, &cpu_limit);
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::dup2(::open("/dev/null", O_RDWR), STDIN_FILENO);
  ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
  ::dup2(::open(scratch.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666), STDERR_FILENO);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

double in_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// 0 once the process is gone.
size_t peak_address_space(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmPeak:")) return std::strtoull(line.c_str() + 7, nullptr, 10) << 10;
  return 0;
}

}  // namespace

Run run_watched(const std::vector<std::string>& words, size_t address_space, double most_seconds,
                const std::filesystem::path& scratch) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const pid_t child = ::fork();
  if (child == 0) become(words, address_space, most_seconds, scratch);
  Run run;
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, WNOHANG, &usage) == 0) {
    run.peak_address_space = std::max(run.peak_address_space, peak_address_space(child));
    const std::chrono::duration<double> waited = Clock::now() - start;
    if (waited.count() > 10 * most_seconds) ::kill(child, SIGKILL);
    ::usleep(2000);
  }
  run.seconds = in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
  run.signalled = WIFSIGNALED(status);
  run.code = run.signalled ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  std::ostringstream text;
  text << std::ifstream(scratch).rdbuf();
  run.error = text.str();
  return run;
}

}  // namespace shrike::mutations
