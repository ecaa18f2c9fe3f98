// How much memory tensors may hold: one limit for the process, as its memory is.
//
// Counted is what Shrike allocates for numbers: tensors, packed weights, activations. Not counted
// are mapped files (the system takes those back as it likes), pictures (vision/decode.h has their
// limit) and the graph itself. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace shrike {

// Three quarters of what the machine, or this process's cgroup, has; no limit where the system does
// not tell.
size_t default_memory_limit();

// default_memory_limit() until it is set. A limit below what is held already refuses only more.
size_t memory_limit();
void set_memory_limit(size_t bytes);

// Bytes that are counted now.
size_t memory_held();

// A part of the limit, given back when it goes.
class MemoryClaim {
 public:
  MemoryClaim() = default;
  MemoryClaim(MemoryClaim&& other) noexcept;
  MemoryClaim& operator=(MemoryClaim&& other) noexcept;
  ~MemoryClaim();

  // False, and nothing claimed, where the limit would be passed. Once an object.
  [[nodiscard]] bool take(size_t bytes);

 private:
  size_t bytes_ = 0;
};

// "WHAT: not enough memory (the limit is 512 MiB)", kRuntime: for the limit, and for what the
// system refuses below it.
Error out_of_memory(const std::string& what);

}  // namespace shrike
