// The store and the connections below a ProcessGroup. Private to train.
#pragma once

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/process_group.h"

namespace shrike::train {

struct GroupLinks {
  c10::intrusive_ptr<c10d::Store> store;
  // Two sets of connections, so that what one carries need not be in order with the other.
  c10::intrusive_ptr<c10d::ProcessGroupGloo> ordered, beside;
  int ended_by = 0;  // the signal that ended the meeting: there are no connections then

  // Makes what is asked of the store an error where it does not answer within seconds: to be called
  // again after its get(), which waits for as long as the store's timeout.
  void limit_waits();

  // The last that is asked of the store.
  void leave(const GroupPlace& place) noexcept;

  // After a failure: " (rank 2 is gone)" of those that do not say within seconds that they still
  // are; empty where all do.
  std::string missing_ranks(const GroupPlace& place);
};

std::vector<uint8_t> bytes_of(const std::string& text);
std::string text_of(const std::vector<uint8_t>& bytes);

// "rank 1 of 4, which meet at host:29500".
std::string describe(const GroupPlace& place);

// Throws as LibTorch does, beside its errors. `interrupted` as for ProcessGroup::join().
Result<GroupLinks> connect(const GroupPlace& place, std::chrono::milliseconds timeout,
                           const std::function<int()>& interrupted);

}  // namespace shrike::train
