// Groups whose ranks are threads of this process, over a store on this host.
#include "train/process_group.h"

#include <csignal>
#include <functional>
#include <future>

#include "train/group_testing.h"
#include "train/store_client.h"

namespace shrike::train {
namespace {

using namespace testing;
using std::chrono::milliseconds;

constexpr milliseconds kShort{1500};

std::string error_of(const Result<ProcessGroup>& group) {
  return group ? "no error" : group.error().message;
}

TEST(ProcessGroup, AddsUp) {
  for (const int size : {2, 3})
    on_ranks(size, [size](ProcessGroup& group) {
      EXPECT_EQ(group.size(), size);
      const double all = size * (size + 1) / 2;
      for (const int64_t count : {1, 3, 1000}) {
        const at::Tensor x = at::full({count}, group.rank() + 1, at::kDouble);
        const at::Tensor beside = at::full({count}, group.rank() + 1, at::kFloat);
        ProcessGroup::Pending pending = group.start_sum(beside);
        EXPECT_TRUE(at::equal(group.summed(x), at::full({count}, all, at::kDouble)));
        EXPECT_TRUE(group.sum(x));
        EXPECT_TRUE(at::equal(x, at::full({count}, all, at::kDouble)));
        pending.wait();
        EXPECT_TRUE(at::equal(beside, at::full({count}, all, at::kFloat)));
        std::vector<double> numbers{1.0 * group.rank(), -1.0 * group.rank()};
        EXPECT_TRUE(group.largest(numbers));
        EXPECT_EQ(numbers, (std::vector<double>{1.0 * (size - 1), 0}));
        x.fill_(group.rank() + 5);
        EXPECT_TRUE(group.broadcast(x));
        EXPECT_EQ(x[0].item<double>(), 5);
      }
    });
}

TEST(ProcessGroup, WaitsForWhatOneDoes) {
  on_ranks(2, [](ProcessGroup& group) {
    if (group.rank() == 0) {
      std::this_thread::sleep_for(milliseconds(50));
      EXPECT_TRUE(group.done("judging", "0.5"));
    } else {
      EXPECT_EQ(*group.wait_for("judging"), "0.5");
    }
  });
}

TEST(ProcessGroup, Gathers) {
  on_ranks(3, [](ProcessGroup& group) {
    for (const size_t length : {0, 1, 1000}) {
      const auto text = [&](int rank) {
        return std::string(length * static_cast<size_t>(rank), static_cast<char>('a' + rank));
      };
      const Result<std::vector<std::string>> all = group.gather(text(group.rank()));
      ASSERT_TRUE(all) << all.error().message;
      const std::vector<std::string> expected{text(0), text(1), text(2)};
      EXPECT_EQ(*all, group.rank() == 0 ? expected : std::vector<std::string>{});
    }
  });
}

TEST(ProcessGroup, SaysWhoDiffers) {
  on_ranks(3, [](ProcessGroup& group) {
    EXPECT_TRUE(group.expect_same("the options", "a"));
    const Result<void> same =
        group.expect_same("the data", group.rank() == 1 ? "a\nb\nd" : "a\nb\nc");
    ASSERT_FALSE(same);
    EXPECT_EQ(same.error().kind, ErrorKind::kUsage);
    EXPECT_NE(same.error().message.find("the data of rank 1"), std::string::npos)
        << same.error().message;
    EXPECT_EQ(same.error().message.find("d, not c") != std::string::npos, group.rank() == 1);
  });
}

// Of three ranks that have met 1 leaves, and the others are left with their groups.
void without_rank_1(const std::function<void(ProcessGroup&)>& left) {
  const int port = free_port();
  std::vector<std::thread> ranks;
  for (int r = 0; r < 3; ++r)
    ranks.emplace_back([&left, port, r] {
      Result<ProcessGroup> group = ProcessGroup::join(place_of(r, 3, port), milliseconds(20'000));
      ASSERT_TRUE(group) << group.error().message;
      ASSERT_TRUE(meet_again(*group));
      if (r != 1) left(*group);
    });
  for (std::thread& rank : ranks) rank.join();
}

TEST(ProcessGroup, SaysWhoIsGone) {
  without_rank_1([](ProcessGroup& group) {
    const at::Tensor x = at::zeros({4});
    Result<void> sum;
    while (sum) sum = group.sum(x);
    const std::string& error = sum.error().message;
    EXPECT_NE(error.find("(rank 1 is gone)"), std::string::npos) << error;
    EXPECT_NE(error.find("rank " + std::to_string(group.rank()) + " of 3"), std::string::npos);
  });
}

TEST(ProcessGroup, NobodyAnswers) {
  const int port = free_port();
  const std::string error = error_of(ProcessGroup::join(place_of(1, 2, port), kShort));
  EXPECT_NE(error.find("rank 1 of 2"), std::string::npos) << error;
  EXPECT_NE(error.find("127.0.0.1:" + std::to_string(port)), std::string::npos) << error;
}

TEST(ProcessGroup, APortInUse) {
  TakenPort taken;
  taken.listen();
  const std::string error = error_of(ProcessGroup::join(place_of(0, 2, taken.port()), kShort));
  EXPECT_NE(error.find(std::to_string(taken.port())), std::string::npos) << error;
  EXPECT_NE(error.find("in use"), std::string::npos) << error;
}

// What a rank says in the store that comes to the meeting, and dies there.
void come_and_die(int rank, int port) {
  StoreClient store("127.0.0.1", port, std::chrono::steady_clock::now() + milliseconds(5000),
                    milliseconds(5000), StoreClient::kOfLibTorch);
  const std::string name = std::to_string(rank);
  for (const char* key : {"claimed/", "beat/", "here/"})
    store.set("shrike/0/" + (key + name), {'1'});
}

// The errors of ranks 0 and 2 behind a rank 1 that dies, and how long they took.
struct Deserted {
  std::vector<std::string> errors;
  std::chrono::steady_clock::duration took;
};
Deserted deserted_of(int size, milliseconds timeout) {
  const int port = free_port();
  const auto begin = std::chrono::steady_clock::now();
  Deserted deserted{std::vector<std::string>(2), {}};
  std::vector<std::thread> ranks;
  for (const int r : {0, 2})
    ranks.emplace_back([&, r] {
      if (r == 2) come_and_die(1, port);
      deserted.errors[static_cast<size_t>(r / 2)] =
          error_of(ProcessGroup::join(place_of(r, size, port), timeout));
    });
  for (std::thread& rank : ranks) rank.join();
  deserted.took = std::chrono::steady_clock::now() - begin;
  return deserted;
}

// While another is waited for, and where it was the last one to come: its connections are waited
// for.
TEST(ProcessGroup, WhoDiesBeforeAllAreConnectedIsNamed) {
  constexpr milliseconds kTimeout{20'000};
  std::future<Deserted> waiting = std::async(std::launch::async, deserted_of, 4, kTimeout);
  const Deserted met = deserted_of(3, kTimeout);
  for (const Deserted& deserted : {waiting.get(), met}) {
    EXPECT_LT(deserted.took, kTimeout);
    for (const std::string& error : deserted.errors)
      EXPECT_NE(error.find("(rank 1 is gone)"), std::string::npos) << error;
  }
}

// Of who fails alone, all that wait for it hear, however long its work may take.
TEST(ProcessGroup, AWaitForWorkEndsWithWhoWouldDoIt) {
  without_rank_1([](ProcessGroup& group) {
    ASSERT_TRUE(group.arrive("opening"));
    const Result<void> all = group.wait_for_all("opening");
    ASSERT_FALSE(all);
    EXPECT_NE(all.error().message.find("(rank 1 is gone)"), std::string::npos)
        << all.error().message;
  });
}

// What one failed by all hear, with its rank.
TEST(ProcessGroup, AWaitForWorkSaysWhatItFailedBy) {
  on_ranks(3, [](ProcessGroup& group) {
    ASSERT_TRUE(group.arrive("opening", group.rank() == 1 ? "no such folder" : ""));
    const Result<void> all = group.wait_for_all("opening");
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().message, "rank 1: no such folder");
    ASSERT_TRUE(group.arrive("reading"));
    EXPECT_TRUE(group.wait_for_all("reading"));
  });
}

// Of the ranks that come, each hears which did not, also who came later.
TEST(ProcessGroup, WhoDoesNotComeIsNamedOnAll) {
  const int port = free_port();
  std::vector<std::string> errors(2);
  std::vector<std::thread> ranks;
  for (const int r : {0, 1})
    ranks.emplace_back([&errors, port, r] {
      std::this_thread::sleep_for(milliseconds(500 * r));
      errors[static_cast<size_t>(r)] = error_of(ProcessGroup::join(place_of(r, 4, port), kShort));
    });
  for (std::thread& rank : ranks) rank.join();
  for (const std::string& error : errors) {
    EXPECT_NE(error.find("(ranks 2, 3 did not)"), std::string::npos) << error;
    EXPECT_NE(error.find("127.0.0.1:" + std::to_string(port)), std::string::npos) << error;
  }
}

void expect_no_store_at(int port) {
  for (const bool served : {false, true}) {
    GroupPlace place = place_of(1, 2, port);
    place.store_is_served = served;
    const Result<ProcessGroup> joined = ProcessGroup::join(place, kShort);
    ASSERT_FALSE(joined);
    EXPECT_EQ(joined.error().kind, ErrorKind::kRuntime);
    const std::string& error = joined.error().message;
    EXPECT_NE(error.find("rank 1 of 2"), std::string::npos) << error;
    EXPECT_NE(error.find("127.0.0.1:" + std::to_string(port)), std::string::npos) << error;
    EXPECT_NE(error.find("not the store"), std::string::npos) << error;
  }
}

TEST(ProcessGroup, WhoListensAndIsSilent) {
  TakenPort taken;
  taken.listen();
  expect_no_store_at(taken.port());
}

TEST(ProcessGroup, WhoAnswersAndIsNoStore) {
  const std::function<std::string(const std::string&)> replies[] = {
      [](const std::string& said) { return said; },
      [](const std::string&) { return "HTTP/1.1 400 Bad Request\r\n\r\n"; },
      [](const std::string&) { return std::string(64, '\0'); }};
  for (const auto& reply : replies) {
    const Answerer answerer(reply);
    expect_no_store_at(answerer.port());
  }
}

// One of three is told to end while they wait for a fourth.
TEST(ProcessGroup, ASignalToOneEndsTheWaitOfAll) {
  const int port = free_port();
  std::atomic<int> signal = 0;
  std::vector<std::thread> ranks;
  for (int r = 0; r < 3; ++r)
    ranks.emplace_back([&signal, port, r] {
      const auto interrupted = [&signal, r] { return r == 1 ? signal.load() : 0; };
      const Result<ProcessGroup> group =
          ProcessGroup::join(place_of(r, 4, port), milliseconds(20'000), interrupted);
      ASSERT_TRUE(group) << "rank " << r << ": " << group.error().message;
      EXPECT_EQ(group->ended_by(), SIGTERM);
    });
  std::this_thread::sleep_for(milliseconds(1000));
  signal = SIGTERM;
  for (std::thread& rank : ranks) rank.join();
  // And where nobody is to be waited with.
  const Result<ProcessGroup> alone =
      ProcessGroup::join(place_of(1, 2, free_port()), milliseconds(20'000), [] { return SIGINT; });
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(alone->ended_by(), SIGINT);
}

// The errors of ranks 0 and `second` of three, which wait, and of who comes behind them.
std::vector<std::string> errors_with(int second, int rank, int size) {
  const int port = free_port();
  std::vector<std::string> errors(3);
  std::vector<std::thread> waiting;
  for (const int r : {0, second})
    waiting.emplace_back([&errors, port, r, at = waiting.size()] {
      errors[at] = error_of(ProcessGroup::join(place_of(r, 3, port), milliseconds(20'000)));
    });
  std::this_thread::sleep_for(milliseconds(500));
  errors[2] = error_of(ProcessGroup::join(place_of(rank, size, port), milliseconds(20'000)));
  for (std::thread& thread : waiting) thread.join();
  return errors;
}

TEST(ProcessGroup, OtherSizesAndTheSameRankTwiceAreSaidOnAll) {
  for (const std::string& error : errors_with(2, 1, 2))
    EXPECT_NE(error.find("says that there are 3, rank 1 that there are 2"), std::string::npos)
        << error;
  for (const std::string& error : errors_with(1, 1, 3))
    EXPECT_NE(error.find("two processes say that they are rank 1"), std::string::npos) << error;
}

}  // namespace
}  // namespace shrike::train
