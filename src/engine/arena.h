// Arena: the one block of memory that a session's activations and scratch live in.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "base/memory.h"
#include "base/result.h"

namespace shrike {

class Arena {
 public:
  // Aligned to kTensorAlignment, of undefined content. An error (kRuntime) that says how much is
  // needed where it is more than the limit (base/memory.h), before anything is taken.
  static Result<Arena> make(size_t bytes);

  std::byte* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* block) const { std::free(block); }
  };
  std::unique_ptr<std::byte, Free> data_;
  MemoryClaim claim_;
};

}  // namespace shrike
