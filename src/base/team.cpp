#include "base/team.h"

#include <algorithm>
#include <utility>

#include "base/float_control.h"

namespace shrike {

namespace {

std::atomic<int> threads_of_teams = 0;

}  // namespace

Team::Team(int threads, Body body)
    : body_(std::move(body)), shares_(std::max(1, threads)), pool_(threads) {
  shares_.keep(pool_.threads());
  for (int place = 0; place < pool_.threads(); ++place) members_.emplace_back(*this, place);
  threads_of_teams += pool_.threads();
}

Team::~Team() { threads_of_teams -= pool_.threads(); }

bool Team::gains() const {
  return pool_.threads() > 1 &&
         threads_of_teams.load(std::memory_order_relaxed) <= ThreadPool::cores();
}

void Team::run(size_t argument) {
  // In this order: who has read one of these sees that the number is another one.
  start_.number.store(0, std::memory_order_relaxed);
  start_.argument.store(argument, std::memory_order_release);
  start_.loops.store(members_[0].loops, std::memory_order_release);
  start_.units.store(members_[0].units, std::memory_order_release);
  start_.control.store(float_control(), std::memory_order_release);
  start_.number.store(++runs_, std::memory_order_release);
  pool_.call_workers([](const void* team, int64_t, int64_t,
                        int worker) { static_cast<Team*>(const_cast<void*>(team))->enter(worker); },
                     this);
  body_(members_[0].pool, argument);
}

// A worker's. It may be so late that there is another run, which it joins then.
void Team::enter(int place) {
  Member& member = members_[static_cast<size_t>(place)];
  const uint64_t number = start_.number.load(std::memory_order_acquire);
  const size_t argument = start_.argument.load(std::memory_order_acquire);
  member.loops = start_.loops.load(std::memory_order_acquire);
  member.units = start_.units.load(std::memory_order_acquire);
  const uint32_t control = start_.control.load(std::memory_order_acquire);
  if (number == 0 || start_.number.load(std::memory_order_relaxed) != number) return;
  set_float_control(control);  // the pool's may be of the run before
  body_(member.pool, argument);
}

void Team::run_loop(int place, int64_t count, ThreadPool::RangeFunction function,
                    const void* context) {
  Member& member = members_[static_cast<size_t>(place)];
  const auto report = [&](int64_t units) {
    done_.fetch_add(static_cast<uint64_t>(units), std::memory_order_acq_rel);
  };
  ++member.loops;
  if (count == 1) {
    // The caller's, as in a pool: what comes before and behind is often its own.
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
