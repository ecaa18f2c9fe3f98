// How much memory plans may need.
#pragma once

#include <cstddef>
#include <string>

namespace shrike {

struct MemoryLimit {
  size_t bytes = 0;     // that the whole process may take; 0: no limit
  size_t beside = 0;    // that it takes without its sessions
  size_t sessions = 1;  // that share the plan, each with activations of its own
  size_t thread = 0;    // that each thread takes for itself but the first
};

// "38.4 MB"; a megabyte is a million bytes, as everywhere in Shrike.
std::string megabytes(size_t bytes);

}  // namespace shrike
