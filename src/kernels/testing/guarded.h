// Floats of a test behind which nothing is: who reads or writes beyond them ends the program.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

namespace shrike::kernels::testing {

class GuardedFloats {
 public:
  // The last of them is the last of a page, the next of which may not be touched.
  GuardedFloats(size_t size, float value) : size_(size) {
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    const size_t bytes = (size * sizeof(float) + page - 1) / page * page;
    mapped_ = bytes + page;
    base_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED) std::abort();
    char* const guard = static_cast<char*>(base_) + bytes;
    if (::mprotect(guard, page, PROT_NONE) != 0) std::abort();
    data_ = reinterpret_cast<float*>(guard) - size;
    std::fill_n(data_, size, value);
  }
  GuardedFloats(const GuardedFloats& other) : GuardedFloats(other.size_, 0) {
    std::copy_n(other.data_, size_, data_);
  }
  GuardedFloats& operator=(const GuardedFloats&) = delete;
  ~GuardedFloats() { ::munmap(base_, mapped_); }

  float* data() const { return data_; }
  std::vector<float> values() const { return {data_, data_ + size_}; }

 private:
  size_t size_, mapped_ = 0;
  void* base_ = nullptr;
  float* data_ = nullptr;
};

}  // namespace shrike::kernels::testing
