// Groups whose ranks are threads of this process, over a store on this host: for tests.
#pragma once

#include <ATen/ATen.h>
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "train/process_group.h"

namespace shrike::train::testing {

// A TCP socket at a free port of this host, which nobody answers at.
class TakenPort {
 public:
  TakenPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof(name);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&name), size), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&name), &size), 0);
    port_ = ntohs(name.sin_port);
  }
  ~TakenPort() { ::close(socket_); }
  void listen() const { EXPECT_EQ(::listen(socket_, 8), 0); }
  int port() const { return port_; }
  int socket() const { return socket_; }

 private:
  int socket_;
  int port_ = 0;
};

// Listens at a port and answers whatever comes with reply(that), until it is destroyed.
class Answerer {
 public:
  explicit Answerer(std::function<std::string(const std::string&)> reply)
      : reply_(std::move(reply)) {
    taken_.listen();
    thread_ = std::thread([this] { answer(); });
  }
  ~Answerer() {
    ended_ = true;
    thread_.join();
  }
  int port() const { return taken_.port(); }

 private:
  void answer() {
    std::vector<pollfd> sockets{{taken_.socket(), POLLIN, 0}};
    while (!ended_) {
      if (::poll(sockets.data(), sockets.size(), 20) <= 0) continue;
      for (size_t i = sockets.size(); i-- > 1;) {
        if (sockets[i].revents == 0) continue;
        char bytes[4096];
        const ssize_t got = ::recv(sockets[i].fd, bytes, sizeof(bytes), 0);
        const std::string said = got > 0 ? reply_({bytes, static_cast<size_t>(got)}) : "";
        if (got > 0 && ::send(sockets[i].fd, said.data(), said.size(), MSG_NOSIGNAL) >= 0) continue;
        ::close(sockets[i].fd);
        sockets.erase(sockets.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (sockets[0].revents != 0)
        sockets.push_back({::accept(taken_.socket(), nullptr, nullptr), POLLIN, 0});
    }
    for (size_t i = 1; i < sockets.size(); ++i) ::close(sockets[i].fd);
  }

  TakenPort taken_;
  std::function<std::string(const std::string&)> reply_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

inline int free_port() { return TakenPort().port(); }

inline GroupPlace place_of(int rank, int size, int port) {
  GroupPlace place;
  place.rank = rank;
  place.size = size;
  place.port = port;
  return place;
}

// Returns when all ranks are here.
inline Result<void> meet_again(ProcessGroup& group) { return group.sum(at::zeros({1})); }

// Calls `work` on each rank, and ends where all have done it.
inline void on_ranks(int size, const std::function<void(ProcessGroup&)>& work) {
  const int port = free_port();
  std::vector<std::thread> ranks;
  for (int r = 0; r < size; ++r)
    ranks.emplace_back([&, r] {
      Result<ProcessGroup> group =
          ProcessGroup::join(place_of(r, size, port), std::chrono::milliseconds(20'000));
      ASSERT_TRUE(group) << group.error().message;
      work(*group);
      const Result<void> together = meet_again(*group);
      EXPECT_TRUE(together) << together.error().message;
    });
  for (std::thread& rank : ranks) rank.join();
}

}  // namespace shrike::train::testing
