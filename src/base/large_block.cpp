#include "base/large_block.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "base/memory.h"

namespace shrike {

namespace {

// Of x86 and of ARM with small pages of 4 kB; elsewhere the alignment does no harm.
constexpr size_t kHugePage = size_t{1} << 21;

size_t whole_pages(size_t bytes) {
  static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

std::byte* map_pages(size_t size) {
  void* bytes = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return bytes == MAP_FAILED ? nullptr : static_cast<std::byte*>(bytes);
}

// From the first address that a huge page may have; what is mapped before and behind goes again.
std::byte* map_huge(size_t size) {
  std::byte* mapped = map_pages(size + kHugePage);
  if (!mapped) return nullptr;
  const size_t before = -reinterpret_cast<uintptr_t>(mapped) % kHugePage;
  if (before > 0) ::munmap(mapped, before);
  ::munmap(mapped + before + size, kHugePage - before);
#ifdef MADV_HUGEPAGE
  ::madvise(mapped + before, size, MADV_HUGEPAGE);  // advice: without it pages are small
#endif
  return mapped + before;
}

struct Pages {
  Pages(std::byte* mapped, size_t length, MemoryClaim taken)
      : bytes(mapped), size(length), claim(std::move(taken)) {}
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { ::munmap(bytes, size); }

  std::byte* bytes;
  size_t size;
  MemoryClaim claim;
};

}  // namespace

std::shared_ptr<std::byte> allocate_large(size_t bytes) {
  if (bytes > SIZE_MAX / 2) return nullptr;
  const size_t size = whole_pages(std::max(bytes, size_t{1}));
  MemoryClaim claim;
  if (!claim.take(size)) return nullptr;
  std::byte* mapped = size >= kHugePage ? map_huge(size) : map_pages(size);
  if (!mapped) return nullptr;
  try {
    const auto pages = std::make_shared<Pages>(mapped, size, std::move(claim));
    return {pages, mapped};
  } catch (const std::bad_alloc&) {
    ::munmap(mapped, size);
    return nullptr;
  }
}

}  // namespace shrike
