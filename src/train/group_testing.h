// Groups whose ranks are threads of this process, over a store on this host: for tests.
#pragma once

#include <ATen/ATen.h>
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>
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
  void listen() const { EXPECT_EQ(::listen(socket_, 1), 0); }
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

inline int free_port() { return TakenPort().port(); }

inline GroupPlace place_of(int rank, int size, int port) {
  GroupPlace place;
  place.rank = rank;
  place.size = size;
  place.port = port;
  return place;
}

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
      const Result<void> together = group->barrier();
      EXPECT_TRUE(together) << together.error().message;
    });
  for (std::thread& rank : ranks) rank.join();
}

}  // namespace shrike::train::testing
