// Ranks are threads of this process.
#include "train/pair_links.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <atomic>
#include <future>
#include <sstream>
#include <thread>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "train/store_port.h"

namespace shrike::train {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong{20'000};

void plus(const at::Tensor& a, const at::Tensor& b) { a.add_(b); }

struct Ranks {
  // Calls `work` on each, and ends where all have done it.
  void do_on_each(const std::function<void(PairLinks&, int rank)>& work) {
    std::vector<std::thread> threads;
    for (int r = 0; r < size; ++r)
      threads.emplace_back([&, r] {
        PairLinks links(*store, {r, size, "127.0.0.1", timeout, [&] { return in_vain.load(); }});
        work(links, r);
      });
    for (std::thread& thread : threads) thread.join();
  }

  int size;
  milliseconds timeout = kLong;
  c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::HashStore>();
  std::atomic<bool> in_vain = false;
};

std::string error_of(const std::function<void()>& work) {
  try {
    work();
    return "no error";
  } catch (const std::exception& error) {
    return error.what();
  }
}

// More than a socket takes at once, too.
TEST(PairLinks, AddsUpTheSameBitsOnAnyNumberOfRanks) {
  for (const int size : {1, 2, 3, 4, 5, 7, 8})
    for (const int64_t count : {1, 129, 2'000'000}) {
      if (count > 129 && size == 8) continue;
      std::vector<at::Tensor> numbers, sums(static_cast<size_t>(size));
      at::Tensor expected = at::zeros({count}, at::kDouble);
      for (int r = 0; r < size; ++r) {
        numbers.push_back(at::randn({count}, at::kFloat));
        expected += numbers.back();
      }
      Ranks{size}.do_on_each([&](PairLinks& links, int r) {
        for (int again = 0; again < 3; ++again) {
          const at::Tensor x = numbers[static_cast<size_t>(r)].clone();
          links.reduce(x, plus);
          sums[static_cast<size_t>(r)] = x;
        }
      });
      for (const at::Tensor& sum : sums) {
        EXPECT_TRUE(at::allclose(sum.to(at::kDouble), expected, 1e-5, 1e-5)) << size;
        EXPECT_TRUE(at::equal(sum, sums[0])) << size;
      }
    }
}

TEST(PairLinks, AllHaveWhatRank0Has) {
  for (const int size : {1, 2, 3, 4, 6, 8})
    Ranks{size}.do_on_each([](PairLinks& links, int r) {
      for (const int64_t count : {1, 500'000}) {
        const at::Tensor x = at::arange(count, at::kFloat) * (r == 0 ? 2 : -1) + r;
        links.broadcast(x);
        EXPECT_TRUE(at::equal(x, at::arange(count, at::kFloat) * 2));
      }
    });
}

TEST(PairLinks, Rank0HasTheTextsOfAll) {
  for (const int size : {1, 2, 3, 5, 8}) {
    std::vector<std::string> texts;
    for (int r = 0; r < size; ++r)
      texts.emplace_back(static_cast<size_t>(r % 3 * 100'000), static_cast<char>('a' + r));
    Ranks{size}.do_on_each([&](PairLinks& links, int r) {
      for (int again = 0; again < 2; ++again)
        EXPECT_EQ(links.gather(texts[static_cast<size_t>(r)]),
                  r == 0 ? texts : std::vector<std::string>{});
    });
  }
}

// Who waits for more than comes hears that the other has ended.
TEST(PairLinks, AnotherSizeEndsBoth) {
  Ranks{2}.do_on_each([](PairLinks& links, int r) {
    const std::string error = error_of([&] { links.reduce(at::zeros({r + 3}), plus); });
    EXPECT_EQ(error.find("rank 1: adds up 16 bytes where this adds up 12") == 0, r == 0) << error;
    EXPECT_EQ(error.find("rank 0: ") == 0, r == 1) << error;
  });
}

TEST(PairLinks, WhoIsGoneEndsTheWait) {
  Ranks{2}.do_on_each([&](PairLinks& links, int r) {
    if (r == 1) return;
    EXPECT_NE(error_of([&] { links.reduce(at::zeros({3}), plus); }).find("rank 1: "),
              std::string::npos);
  });
}

TEST(PairLinks, SilenceHasAnEnd) {
  std::promise<void> heard;
  Ranks{2, milliseconds(1000)}.do_on_each([&](PairLinks& links, int r) {
    if (r == 1) return heard.get_future().wait();
    EXPECT_EQ(error_of([&] { links.reduce(at::zeros({3}), plus); }),
              "rank 1: says nothing for 1 s");
    heard.set_value();
  });
}

TEST(PairLinks, AWaitInVainEnds) {
  std::promise<void> heard;
  Ranks ranks{2};
  ranks.do_on_each([&](PairLinks& links, int r) {
    if (r == 1) return heard.get_future().wait();
    ranks.in_vain = true;
    EXPECT_EQ(error_of([&] { links.reduce(at::zeros({3}), plus); }),
              "rank 1: the wait is given up");
    heard.set_value();
  });
}

// Who connects without the group's word, or says nothing, takes no rank's place.
TEST(PairLinks, StrangersAreLeftOut) {
  Ranks ranks{2};
  std::thread first([&] {
    PairLinks links(*ranks.store, {0, 2, "127.0.0.1", kLong, [] { return false; }});
    const at::Tensor x = at::ones({3});
    links.reduce(x, plus);
    EXPECT_EQ(x[0].item<float>(), 3);
  });
  const std::vector<uint8_t> announced = ranks.store->get("pairs/0");
  std::istringstream words(std::string(announced.begin(), announced.end()));
  std::string address;
  int port = 0;
  words >> address >> port;
  const StoreSocket silent = connect_to_store(address, port);
  const StoreSocket gone = connect_to_store(address, port);
  ::shutdown(gone.socket.get(), SHUT_RDWR);
  const StoreSocket stranger = connect_to_store(address, port);
  const std::string noise(100, 'x');
  EXPECT_EQ(::write(stranger.socket.get(), noise.data(), noise.size()), 100);
  PairLinks links(*ranks.store, {1, 2, "127.0.0.1", kLong, [] { return false; }});
  links.reduce(at::full({3}, 2.0f, at::kFloat), plus);
  first.join();
}

TEST(PairLinks, WhoIsMissingIsNamed) {
  Ranks ranks{2, milliseconds(300)};
  EXPECT_EQ(error_of([&] {
              PairLinks(*ranks.store, {0, 2, "127.0.0.1", ranks.timeout, [] { return false; }});
            }),
            "rank 1: it does not connect");
  const std::string elsewhere = "127.0.0.1 many 00";
  ranks.store->set("pairs/0", {elsewhere.begin(), elsewhere.end()});
  EXPECT_EQ(error_of([&] {
              PairLinks(*ranks.store, {1, 2, "127.0.0.1", ranks.timeout, [] { return false; }});
            }),
            "rank 0: where it listens makes no sense: 127.0.0.1 many 00");
}

}  // namespace
}  // namespace shrike::train
