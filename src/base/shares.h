// Shares: the units of loops, one loop after the other, that several threads take until there are
// none left. Each thread has a share and takes from it first, in memory's order; then from the
// others', from the back, far from their owners.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace shrike {

class Shares {
 public:
  // A loop over indices 0 .. count-1: `units` units of `grain` of them, the last one of fewer.
  struct Loop {
    uint64_t number;  // more than that of the loops before
    int64_t count, grain, units;
  };

  explicit Shares(int count) : count_(count), shares_(std::make_unique<Share[]>(size_t(count))) {}

  int count() const { return count_; }
  // Fewer shares. Before the first loop.
  void keep(int count) { count_ = count; }
  Loop loop(uint64_t number, int64_t count) const;

  // Calls body(begin, end) for the indices of each unit that is there to be taken, beginning with
  // share `first`, and report(n) with how many units they were, where there were any: after that
  // share, since a look at the others is far and somebody may be waiting, and after the others.
  // Nothing is taken of a loop that is over.
  template <typename Body, typename Report>
  void take_all(const Loop& loop, int first, const Body& body, const Report& report) {
    int64_t done = 0;
    const auto take_of = [&](int share, bool front) {
      for (int64_t unit = take(loop, share, front); unit != kNone;
           unit = take(loop, share, front)) {
        const int64_t end = (unit + 1) * loop.grain;
        body(unit * loop.grain, end < loop.count ? end : loop.count);
        ++done;
      }
    };
    const auto report_done = [&] {
      if (done > 0) report(done);
      done = 0;
    };
    take_of(first % count_, true);
    report_done();
    for (int i = 1; i < count_; ++i) take_of((first + i) % count_, false);
    report_done();
  }

 private:
  static constexpr int64_t kNone = -1;

  // What is left of a share of a loop, in one word with that loop's number: whoever comes first in
  // a loop, the owner or another one, makes it of that loop. On a cache line of its own, as its
  // owner writes it all the time.
  struct alignas(64) Share {
    std::atomic<uint64_t> word{0};
  };

  int64_t first_unit(const Loop& loop, int64_t share) const { return loop.units * share / count_; }
  int64_t take(const Loop& loop, int share, bool front);

  int count_;
  std::unique_ptr<Share[]> shares_;
};

}  // namespace shrike
