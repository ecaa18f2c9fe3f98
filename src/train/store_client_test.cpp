// What a client makes of a store that answers badly.
#include "train/store_client.h"

#include <stdexcept>

#include "train/group_testing.h"

namespace shrike::train {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

StoreClient client_of(int port, milliseconds timeout) {
  return StoreClient("127.0.0.1", port, Clock::now() + milliseconds(20'000), timeout,
                     StoreClient::Protocol::kBefore21);
}

std::string failure_of(StoreClient& client) {
  try {
    return "no failure: " + std::to_string(client.check({"key"}));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(StoreClient, NothingIsReadBehindAnAnswerThatMakesNoSense) {
  const Answerer store([](const std::string&) { return std::string("\7\0", 2); });
  StoreClient client = client_of(store.port(), milliseconds(20'000));
  EXPECT_EQ(failure_of(client), "the store gives what it was not asked for");
  EXPECT_EQ(failure_of(client), "the store is gone");
}

// A byte at a time, which all come in time.
TEST(StoreClient, AnAnswerHasOneTimeAltogether) {
  TakenPort port;
  port.listen();
  std::thread store([&] {
    const int socket = ::accept(port.socket(), nullptr, nullptr);
    for (int i = 0; i < 8; ++i) {
      std::this_thread::sleep_for(milliseconds(500));
      if (::send(socket, "", 1, MSG_NOSIGNAL) != 1) break;
    }
    ::close(socket);
  });
  {
    StoreClient client = client_of(port.port(), milliseconds(1600));
    EXPECT_THROW(client.add("key", 1), std::runtime_error);
    EXPECT_EQ(failure_of(client), "the store is gone");
  }
  store.join();
}

// Slower than that in all, and never still for as long.
TEST(StoreClient, ALongAnswerHasItsTimeForEachPart) {
  constexpr size_t kPart = size_t{256} << 10, kParts = 8;
  TakenPort port;
  port.listen();
  std::thread store([&] {
    const int socket = ::accept(port.socket(), nullptr, nullptr);
    const uint8_t there = 0;  // what wait() asks
    ::send(socket, &there, 1, MSG_NOSIGNAL);
    const uint64_t size = kPart * kParts;
    ::send(socket, &size, sizeof(size), MSG_NOSIGNAL);
    const std::string part(kPart, 'x');
    for (size_t i = 0; i < kParts; ++i) {
      std::this_thread::sleep_for(milliseconds(400));
      for (size_t sent = 0; sent < kPart;) {
        const ssize_t n = ::send(socket, part.data() + sent, kPart - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<size_t>(n);
      }
    }
    ::close(socket);
  });
  {
    StoreClient client = client_of(port.port(), milliseconds(2000));
    EXPECT_EQ(client.get("key"), std::vector<uint8_t>(kPart * kParts, 'x'));
  }
  store.join();
}

}  // namespace
}  // namespace shrike::train
