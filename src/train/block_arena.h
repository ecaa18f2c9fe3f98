// BlockArena: large blocks of memory out of one range of addresses, given back and taken again.
//
// A step of training takes the same hundreds of blocks as the one before, most of them megabytes
// long. Left to malloc they lie between small ones that live longer, and what is free between those
// fits nothing: half as much again as is in use. Here they have a place of their own: a block comes
// from the smallest gap that holds it, of several the lowest, and gaps that touch become one.
// Memory that was used once stays with the process. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace shrike::train {

class BlockArena {
 public:
  // Reserves that many bytes of addresses; they cost memory once they are written to. Where the
  // system refuses, the arena has none.
  explicit BlockArena(size_t bytes);
  ~BlockArena();
  BlockArena(const BlockArena&) = delete;
  BlockArena& operator=(const BlockArena&) = delete;

  // Aligned to a page. Null where no gap is large enough. Requires bytes > 0.
  void* take(size_t bytes);
  // Requires a block of take().
  void give(void* block);
  bool owns(const void* address) const;

  size_t used() const;  // bytes in blocks, whole pages
  size_t gaps() const;  // how many

 private:
  using Gap = std::pair<size_t, size_t>;  // size, offset
  void add_gap(size_t offset, size_t size);
  void remove_gap(std::map<size_t, size_t>::iterator gap);

  std::byte* start_ = nullptr;
  size_t size_ = 0;
  mutable std::mutex mutex_;
  std::map<size_t, size_t> by_offset_;  // gaps: offset to size
  std::set<Gap> by_size_;
  std::unordered_map<size_t, size_t> blocks_;  // offset to size
  size_t used_ = 0;
};

}  // namespace shrike::train
