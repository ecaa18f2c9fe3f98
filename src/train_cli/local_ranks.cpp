#include "train_cli/local_ranks.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/file_descriptor.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/shard.h"
#include "cli/terminal.h"
#include "pull/process.h"

namespace shrike {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenLooks{50};
constexpr std::chrono::seconds kPatience{60};  // with ranks that go on without one that ended

// A TCP port of this host that nobody has; somebody may take it before it is used, and then the
// error says so.
Result<int> free_port() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    return runtime_error("no port of this host is free for --nproc: " + errno_text(errno));
  return static_cast<int>(ntohs(name.sin_port));
}

// In the environment of a rank: the process that started it as one.
constexpr const char* kStarter = "SHRIKE_RANK_STARTED_BY";

class LocalRanks {
 public:
  // Ends those that are left.
  ~LocalRanks() {
    signal_all(SIGKILL);
    for (const pid_t pid : running_)
      if (pid > 0) ::waitpid(pid, nullptr, 0);
  }

  Result<void> start(int count, int port, const Words& words) {
    for (int rank = 0; rank < count; ++rank) {
      Command command;
      command.words = {"/proc/self/exe"};
      command.words.insert(command.words.end(), words.begin(), words.end());
      command.environment = {"RANK=" + std::to_string(rank), "LOCAL_RANK=" + std::to_string(rank),
                             "WORLD_SIZE=" + std::to_string(count),
                             "LOCAL_WORLD_SIZE=" + std::to_string(count),
                             "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + std::to_string(port),
                             "TORCHELASTIC_USE_AGENT_STORE=False",  // of a torchrun of one
                             kStarter + ("=" + std::to_string(::getpid()))};
      SHRIKE_ASSIGN(const int pid, start_beside(command, rank == 0));
      running_.push_back(pid);
    }
    return {};
  }

  int wait() {
    bool told = false;
    while (left() > 0) {
      look();
      if (interrupted() != 0 && !told) {
        told = true;
        signal_all(interrupted());
      }
      if (code_ != kExitOk && interrupted() == 0 && Clock::now() > failed_ + kPatience) {
        say("the other processes do not end: they are ended");
        signal_all(SIGKILL);
      }
      std::this_thread::sleep_for(kBetweenLooks);
    }
    return code_;
  }

 private:
  size_t left() const {
    size_t left = 0;
    for (const pid_t pid : running_) left += pid > 0 ? 1 : 0;
    return left;
  }

  void signal_all(int signal) const {
    for (const pid_t pid : running_)
      if (pid > 0) ::kill(pid, signal);
  }

  void look() {
    for (size_t rank = 0; rank < running_.size(); ++rank) {
      int status = 0;
      if (running_[rank] <= 0 || ::waitpid(running_[rank], &status, WNOHANG) <= 0) continue;
      running_[rank] = 0;
      const int code =
          WIFEXITED(status) ? WEXITSTATUS(status) : exit_code_of_signal(WTERMSIG(status));
      if (WIFSIGNALED(status))
        say("rank " + std::to_string(rank) + " was ended by " + strsignal(WTERMSIG(status)));
      if (code == kExitOk || code_ != kExitOk) continue;
      code_ = code;
      failed_ = Clock::now();
    }
  }

  std::vector<pid_t> running_;  // by rank; 0: has ended
  int code_ = kExitOk;
  Clock::time_point failed_;
};

}  // namespace

bool is_local_rank() {
  const char* starter = std::getenv(kStarter);
  return starter && std::to_string(::getppid()) == starter;
}

Result<int> local_ranks(int count, const Words& words) {
  if (const std::string rank = rank_of_launcher(); !rank.empty())
    return usage_error("--nproc " + std::to_string(count) +
                       " is for processes that this program starts, and " + rank +
                       " in the environment says that another one has started this process as one "
                       "of several: leave out --nproc, or unset " +
                       rank.substr(0, rank.find(' ')));
  SHRIKE_ASSIGN(const int port, free_port());
  const CatchInterrupts caught;
  LocalRanks ranks;
  SHRIKE_TRY(ranks.start(count, port, words));
  return ranks.wait();
}

}  // namespace shrike
