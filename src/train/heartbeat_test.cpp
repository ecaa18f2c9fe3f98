// Heartbeats of ranks that are threads of this process, without the group above them.
#include "train/heartbeat.h"

#include <future>
#include <memory>
#include <optional>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "train/group_links.h"
#include "train/group_testing.h"
#include "train/meeting.h"

namespace shrike::train {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Long enough that on a machine with much to do no thread waits for a core for kMissed of them.
constexpr milliseconds kBetween{100};
constexpr milliseconds kWait{40'000};  // at most, for what must come

// A store of this process.
class Server {
 public:
  Server() : port_(free_port()) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port_);
    options.isServer = true;
    options.waitWorkers = false;
    store_ = c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options);
  }
  int port() const { return port_; }
  void end() { store_.reset(); }

 private:
  int port_;
  c10::intrusive_ptr<c10d::TCPStore> store_;
};

// A rank's heartbeat with what is below it.
struct Rank {
  Rank(int rank, int size, const Server& server,
       std::function<void(const std::string&)> too_late = {}, bool served = true)
      : client(c10::make_intrusive<StoreClient>("127.0.0.1", server.port(), Clock::now() + kWait,
                                                kWait, StoreClient::kOfLibTorch)),
        store(c10::make_intrusive<c10d::PrefixStore>("test", client)),
        place(place_of(rank, size, server.port())) {
    place.store_is_served = served;
    heart.emplace(*store, *client, place, Heartbeat::Limits{kBetween, std::move(too_late)});
  }
  // Until somebody is gone, or the time is over.
  bool notices(milliseconds time) const {
    const auto end = Clock::now() + time;
    while (!heart->somebody_is_gone() && Clock::now() < end)
      std::this_thread::sleep_for(milliseconds(5));
    return heart->somebody_is_gone();
  }

  c10::intrusive_ptr<StoreClient> client;
  c10::intrusive_ptr<c10d::Store> store;
  GroupPlace place;
  std::optional<Heartbeat> heart;
};

std::vector<std::unique_ptr<Rank>> ranks_of(int count, int size, const Server& server) {
  std::vector<std::unique_ptr<Rank>> ranks;
  for (int r = 0; r < count; ++r) ranks.push_back(std::make_unique<Rank>(r, size, server));
  return ranks;
}

TEST(Heartbeat, WhoFallsSilentIsGoneToAllWhateverTheyDo) {
  for (const int silent : {0, 1, 2}) {
    const Server server;
    auto ranks = ranks_of(3, 3, server);
    EXPECT_FALSE(ranks[0]->notices(2 * Heartbeat::kMissed * kBetween));
    ranks[static_cast<size_t>(silent)]->heart.reset();
    for (int r = 0; r < 3; ++r) {
      if (r == silent) continue;
      Rank& rank = *ranks[static_cast<size_t>(r)];
      ASSERT_TRUE(rank.notices(kWait)) << r;
      EXPECT_EQ(rank.heart->who_is_gone(), " (rank " + std::to_string(silent) + " is gone)");
      // Who waits for what it would have said is told at once.
      const auto begin = Clock::now();
      EXPECT_THROW(rank.store->get("never"), std::runtime_error);
      EXPECT_LT(Clock::now() - begin, kWait / 2);
    }
  }
}

TEST(Heartbeat, WhoHasNotComeIsNotGone) {
  const Server server;
  auto ranks = ranks_of(3, 5, server);
  ranks[1]->heart.reset();
  for (const int r : {0, 2})
    EXPECT_EQ(ranks[static_cast<size_t>(r)]->notices(kWait)
                  ? ranks[static_cast<size_t>(r)]->heart->who_is_gone()
                  : "nobody",
              " (rank 1 is gone) (ranks 3, 4 have not come)");
}

TEST(Heartbeat, WhoLeavesIsNotMissed) {
  const Server server;
  auto ranks = ranks_of(3, 3, server);
  ranks[1]->heart->leave();
  EXPECT_FALSE(ranks[2]->notices(3 * Heartbeat::kMissed * kBetween));
  EXPECT_FALSE(ranks[0]->heart->somebody_is_gone());
  ranks[0]->heart.reset();  // seen by the one that looked at rank 1
  ASSERT_TRUE(ranks[2]->notices(kWait));
  EXPECT_EQ(ranks[2]->heart->who_is_gone(), " (ranks 0, 1 are gone)");
}

TEST(Heartbeat, WhereAllAreThereWhoWorksKeepsTheOthersWaiting) {
  const Server server;
  auto ranks = ranks_of(3, 3, server);
  const Heartbeat::Waiting first(*ranks[0]->heart), third(*ranks[2]->heart);
  EXPECT_EQ(ranks[0]->heart->who_is_gone(), " (rank 1 keeps the others waiting)");
  EXPECT_EQ(ranks[1]->heart->who_is_gone(), " (rank 1 keeps the others waiting)");
}

TEST(Heartbeat, AStoreThatIsGoneIsRankZeroOrTheLaunchers) {
  Server server;
  Rank launched(1, 2, server), alone(2, 3, server, {}, false);
  server.end();
  ASSERT_TRUE(launched.notices(kWait));
  ASSERT_TRUE(alone.notices(kWait));
  EXPECT_EQ(launched.heart->who_is_gone(), " (the store is gone)");
  EXPECT_EQ(alone.heart->who_is_gone(), " (rank 0 is gone)");
}

TEST(Heartbeat, WhoIsBusyIsToldAfterAWhile) {
  const Server server;
  std::promise<std::string> told;
  const Rank busy(0, 2, server, [&](const std::string& gone) { told.set_value(gone); });
  auto other = std::make_unique<Rank>(1, 2, server);
  ASSERT_FALSE(busy.notices(10 * kBetween));
  const auto begin = Clock::now();
  other->heart.reset();
  std::future<std::string> gone = told.get_future();
  ASSERT_EQ(gone.wait_for(2 * kWait), std::future_status::ready);
  EXPECT_EQ(gone.get(), " (rank 1 is gone)");
  // Until it is missed, whose last beat was seen a beat ago, and has not answered; and the while.
  EXPECT_GE(Clock::now() - begin,
            (Heartbeat::kMissed - 2 + Heartbeat::kGrace) * kBetween + kLastWords);
}

}  // namespace
}  // namespace shrike::train
