// Arena: the one block of memory that a session's activations and scratch live in.
#pragma once

#include <cstddef>
#include <memory>

#include "base/result.h"

namespace shrike {

class Arena {
 public:
  // Aligned to kTensorAlignment, of undefined content. An error (kRuntime) that says how much is
  // needed where it is more than the limit (base/memory.h), before anything is taken.
  static Result<Arena> make(size_t bytes);

  std::byte* data() const { return data_.get(); }

 private:
  std::shared_ptr<std::byte> data_;
};

}  // namespace shrike
