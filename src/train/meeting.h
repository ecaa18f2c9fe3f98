// How the ranks of a run find out, in a store, that all of them are there. Private to train.
//
// Each writes that it is here, and asks again and again who else is. The first that has something
// to say for all of them (all are here; not all came in time; one that was here is gone; a signal
// tells to end) writes it as the store's verdict, which is compared and set, so that all leave with
// the same one. Keys:
//   hello/RANK/WORD  a word, read back: who answers is a store
//   claimed/RANK     counted: 1 process says that it is that rank
//   size, here/RANK, verdict
//   heard/RANK       of a verdict other than that all are here
// (heartbeat.h has others)
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "base/result.h"
#include "train/process_group.h"

namespace shrike::train {

inline constexpr std::chrono::milliseconds kLastWords{3'000};  // in which ranks say the last of all

struct MeetingLimits {
  std::chrono::steady_clock::time_point begin, end;
  std::function<int()> interrupted;  // the signal that tells this process to end; may be empty
};

// Whether who answers is a store: an error where not.
Result<void> greet(c10d::Store& store, const GroupPlace& place, const MeetingLimits& limits);

class Heartbeat;

// Behind greet(). Returns 0 where all are here, or the signal that was told to one of them. Who
// serves the store stays until the others have heard, if not all are here. Errors: all have the
// same. Throws as LibTorch does.
Result<int> meet(c10d::Store& store, const GroupPlace& place, const MeetingLimits& limits,
                 Heartbeat& heart);

// The ranks that have not written their key "WHAT/RANK" within the time.
std::vector<int> silent_ranks(c10d::Store& store, const GroupPlace& place, const std::string& what,
                              std::chrono::milliseconds timeout);

// " (rank 1 is gone)", " (ranks 1, 3 are gone)"; empty of none.
std::string listed(const std::vector<int>& ranks, const char* one, const char* more);

}  // namespace shrike::train
