#include "base/team.h"

namespace shrike {

Team::Team(ThreadPool& pool) : pool_(pool), shares_(pool.threads()) {
  for (int place = 0; place < pool.threads(); ++place) members_.emplace_back(*this, place);
}

void Team::run_loop(int place, int64_t count, ThreadPool::RangeFunction function,
                    const void* context) {
  Member& member = members_[static_cast<size_t>(place)];
  const auto report = [&](int64_t units) {
    done_.fetch_add(static_cast<uint64_t>(units), std::memory_order_acq_rel);
  };
  ++member.loops;
  if (count == 1) {
    // The first one's, as a pool's caller does it: what comes before and behind is often its own.
    ++member.units;
    if (place == 0) {
      function(context, 0, 1, 0);
      report(1);
    }
  } else {
    const Shares::Loop loop = shares_.loop(member.loops, count);
    member.units += static_cast<uint64_t>(loop.units);
    shares_.take_all(
        loop, place, [&](int64_t begin, int64_t end) { function(context, begin, end, place); },
        report);
  }
  ThreadPool::wait_until([&] { return done_.load(std::memory_order_acquire) >= member.units; });
}

}  // namespace shrike
