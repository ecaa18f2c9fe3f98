#include "train/store_port.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <thread>

#include "base/file.h"

namespace shrike::train {

namespace {

constexpr std::chrono::seconds kAnswer{8};
constexpr std::chrono::milliseconds kBetweenTries{200};

using Clock = std::chrono::steady_clock;

// Until `attempt` has nothing to say.
std::string try_until(Clock::time_point end, const std::function<int()>& interrupted,
                      const std::function<std::string()>& attempt) {
  while (true) {
    const auto begin = Clock::now();
    const std::string why = attempt();
    if (why.empty()) return {};
    std::this_thread::sleep_for(kBetweenTries);
    // The next try may take as long as this one: a name is asked for without a limit of ours.
    const auto now = Clock::now();
    if (now + (now - begin) > end || (interrupted && interrupted() != 0)) return why;
  }
}

std::string why_no_address(const std::string& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(address.c_str(), nullptr, &hints, &found);
  if (error != 0) return ::gai_strerror(error);
  ::freeaddrinfo(found);
  return {};
}

}  // namespace

StoreSocket connect_to_store(const std::string& address, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  StoreSocket store;
  if (const int error =
          ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
      error != 0) {
    store.why = ::gai_strerror(error);
    return store;
  }
  for (const addrinfo* at = found; at && store.socket.get() < 0; at = at->ai_next) {
    FileDescriptor tried(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (tried.get() < 0) {
      store.why = errno_text(errno);
      continue;
    }
    const timeval limit{kAnswer.count(), 0};  // of connect(), too
    ::setsockopt(tried.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (::connect(tried.get(), at->ai_addr, at->ai_addrlen) == 0)
      store.socket = std::move(tried);
    else
      store.why = errno == EINPROGRESS ? "no answer" : errno_text(errno);
  }
  ::freeaddrinfo(found);
  return store;
}

std::string wait_for_name(const std::string& address, std::chrono::steady_clock::time_point end,
                          const std::function<int()>& interrupted) {
  return try_until(end, interrupted, [&] { return why_no_address(address); });
}

std::string wait_for_listener(const std::string& address, int port,
                              std::chrono::steady_clock::time_point end,
                              const std::function<int()>& interrupted) {
  return try_until(end, interrupted, [&] {
    const StoreSocket tried = connect_to_store(address, port);
    return tried.socket.get() >= 0 ? std::string() : tried.why;
  });
}

}  // namespace shrike::train
