// Ranks are threads of this process.
#include "train/carrier.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <vector>

namespace shrike::train {
namespace {

using std::chrono::milliseconds;

struct Ranks {
  void do_on_each(const std::function<void(const Carrier::Place&)>& work) const {
    std::vector<std::thread> threads;
    for (int r = 0; r < size; ++r)
      threads.emplace_back([&, r] {
        work({store, {r, size, "127.0.0.1", timeout, [] { return false; }}});
      });
    for (std::thread& thread : threads) thread.join();
  }

  int size;
  milliseconds timeout{20'000};
  c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::HashStore>();
};

// Each rank's number at the first place, one more at the next.
at::Tensor numbers(int rank, int64_t count) { return at::arange(count, at::kDouble) + rank; }

void expect_sums(const Carrier::Place& place, Carrier& carrier) {
  const int ranks = place.links.size;
  std::vector<at::Tensor> tensors;
  std::vector<Carrier::Wait> waits;
  for (const int64_t count : {1, 100'000, 70'001}) {
    tensors.push_back(numbers(place.links.rank, count));
    waits.push_back(carrier.start_sum(tensors.back()));
  }
  for (const Carrier::Wait& wait : waits) wait();
  tensors.push_back(numbers(place.links.rank, 3));
  carrier.sum(tensors.back());
  for (const at::Tensor& x : tensors)
    EXPECT_TRUE(at::equal(x, at::arange(x.numel(), at::kDouble) * ranks + ranks * (ranks - 1) / 2))
        << x.numel();
}

TEST(Carrier, AddsUp) {
  for (const int size : {2, 3})
    for (const auto make : {gloo_carrier, pair_carrier})
      Ranks{size}.do_on_each([&](const Carrier::Place& place) {
        if (const auto carrier = make(place)) expect_sums(place, *carrier);
      });
}

TEST(Carrier, AddsUpByCopies) {
  Ranks{2}.do_on_each([&](const Carrier::Place& place) {
    PairLinks ordered(*place.store, place.links);
    const auto beside = pair_carrier(place);
    expect_sums(place, *carrier_by_cpu(ordered, *beside));
  });
}

std::string error_of(const Carrier::Wait& wait) {
  try {
    wait();
    return "no error";
  } catch (const std::exception& error) {
    return error.what();
  }
}

// One that is lost is said by all sums that have begun, and no other waits for it anew.
TEST(Carrier, AllThatHasBegunFailsWithTheFirst) {
  Ranks{2, milliseconds(1000)}.do_on_each([&](const Carrier::Place& place) {
    const auto carrier = pair_carrier(place);
    const at::Tensor x = at::zeros({3});
    if (place.links.rank == 1) return std::this_thread::sleep_for(milliseconds(2500));
    const std::vector<Carrier::Wait> waits{carrier->start_sum(x), carrier->start_sum(x),
                                           carrier->start_sum(x)};
    for (const Carrier::Wait& wait : waits)
      EXPECT_EQ(error_of(wait), "rank 1: says nothing for 1 s");
  });
}

// Who leaves does not wait for what others never add.
TEST(Carrier, LeavingEndsWhatHasBegun) {
  Ranks{2}.do_on_each([&](const Carrier::Place& place) {
    auto carrier = pair_carrier(place);
    const at::Tensor x = at::zeros({3});
    if (place.links.rank == 1) return std::this_thread::sleep_for(milliseconds(2000));
    const Carrier::Wait wait = carrier->start_sum(x);
    std::this_thread::sleep_for(milliseconds(200));
    const auto begin = std::chrono::steady_clock::now();
    carrier.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(1500));
    EXPECT_NE(error_of(wait), "no error");
  });
}

}  // namespace
}  // namespace shrike::train
