#include "train/block_arena.h"

#include <sys/mman.h>

#include <cassert>

namespace shrike::train {

namespace {

constexpr size_t kPage = 4096;

size_t in_pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

BlockArena::BlockArena(size_t bytes) {
  const size_t size = in_pages(bytes);
  void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return;
  start_ = static_cast<std::byte*>(start);
  size_ = size;
  add_gap(0, size);
}

BlockArena::~BlockArena() {
  if (start_) munmap(start_, size_);
}

void BlockArena::add_gap(size_t offset, size_t size) {
  by_offset_.emplace(offset, size);
  by_size_.emplace(size, offset);
}

void BlockArena::remove_gap(std::map<size_t, size_t>::iterator gap) {
  by_size_.erase({gap->second, gap->first});
  by_offset_.erase(gap);
}

void* BlockArena::take(size_t bytes) {
  assert(bytes > 0);
  if (bytes > size_) return nullptr;
  const size_t size = in_pages(bytes);
  const std::scoped_lock lock(mutex_);
  const auto found = by_size_.lower_bound({size, 0});
  if (found == by_size_.end()) return nullptr;
  const auto [gap, offset] = *found;
  remove_gap(by_offset_.find(offset));
  if (gap > size) add_gap(offset + size, gap - size);
  blocks_.emplace(offset, size);
  used_ += size;
  return start_ + offset;
}

void BlockArena::give(void* block) {
  size_t offset = static_cast<size_t>(static_cast<std::byte*>(block) - start_);
  const std::scoped_lock lock(mutex_);
  const auto found = blocks_.find(offset);
  assert(found != blocks_.end());
  size_t size = found->second;
  used_ -= size;
  blocks_.erase(found);
  const auto next = by_offset_.lower_bound(offset);
  if (next != by_offset_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      remove_gap(before);
    }
  }
  if (next != by_offset_.end() && offset + size == next->first) {
    size += next->second;
    remove_gap(next);
  }
  add_gap(offset, size);
}

bool BlockArena::owns(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  return start_ && byte >= start_ && byte < start_ + size_;
}

size_t BlockArena::used() const {
  const std::scoped_lock lock(mutex_);
  return used_;
}

size_t BlockArena::gaps() const {
  const std::scoped_lock lock(mutex_);
  return by_offset_.size();
}

}  // namespace shrike::train
