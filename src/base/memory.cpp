#include "base/memory.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/cgroup.h"

namespace shrike {

namespace {

std::atomic<size_t> held = 0;
std::atomic<size_t> limit = 0;  // 0: not set

// SIZE_MAX where the system does not tell.
size_t machine_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || size <= 0) return SIZE_MAX;
  return static_cast<size_t>(pages) * static_cast<size_t>(size);
}

// SIZE_MAX where the control groups have no limit.
size_t group_memory() {
  const uint64_t bytes = cgroup_memory("/sys/fs/cgroup", own_cgroups());
  return bytes > 0 ? bytes : SIZE_MAX;
}

}  // namespace

size_t default_memory_limit() {
  static const size_t bytes = [] {
    const size_t all = std::min(machine_memory(), group_memory());
    return all == SIZE_MAX ? SIZE_MAX : all / 4 * 3;
  }();
  return bytes;
}

size_t memory_limit() {
  const size_t set = limit;
  return set > 0 ? set : default_memory_limit();
}

void set_memory_limit(size_t bytes) { limit = bytes; }

size_t memory_held() { return held; }

MemoryClaim::MemoryClaim(MemoryClaim&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}

MemoryClaim& MemoryClaim::operator=(MemoryClaim&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MemoryClaim::~MemoryClaim() { held -= bytes_; }

bool MemoryClaim::take(size_t bytes) {
  assert(bytes_ == 0);
  const size_t most = memory_limit();
  size_t before = held;
  do {
    if (bytes > most || before > most - bytes) return false;
  } while (!held.compare_exchange_weak(before, before + bytes));
  bytes_ = bytes;
  return true;
}

Error out_of_memory(const std::string& what) {
  constexpr size_t kKilo = 1024, kMega = kKilo * kKilo;
  const size_t most = memory_limit();
  const std::string size = most < 10 * kKilo   ? std::to_string(most) + " bytes"
                           : most < 10 * kMega ? std::to_string(most / kKilo) + " KiB"
                                               : std::to_string(most / kMega) + " MiB";
  return runtime_error(what + ": not enough memory (the limit is " + size + ")");
}

}  // namespace shrike
