// The store and the connections below a ProcessGroup. Private to train.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "base/result.h"
#include "train/carrier.h"
#include "train/heartbeat.h"
#include "train/pair_links.h"
#include "train/process_group.h"
#include "train/store_client.h"

namespace shrike::train {

struct GroupLinks {
  c10::intrusive_ptr<c10d::Store> server;  // where this process serves the store
  c10::intrusive_ptr<StoreClient> client;
  c10::intrusive_ptr<c10d::Store> store;  // the client with the group's prefix
  std::unique_ptr<Heartbeat> heart;
  // Two sets of connections, so that what one carries need not be in order with the other (GPUs have
  // one).
  std::unique_ptr<PairLinks> ordered;
  std::unique_ptr<Carrier> beside;
  int ended_by = 0;  // the signal that ended the meeting: there are no connections then

  // For tensors on GPUs. Made when first asked for, by all ranks: it is then that they are there.
  Carrier& on_gpus();

  // The last that is asked of the store.
  void leave(const GroupPlace& place) noexcept;

  Carrier::Place carriers;  // where they are made
  std::unique_ptr<Carrier> gpus;
};

std::vector<uint8_t> bytes_of(const std::string& text);
std::string text_of(const std::vector<uint8_t>& bytes);

// "rank 1 of 4, which meet at host:29500".
std::string describe(const GroupPlace& place);

// Throws as LibTorch does, beside its errors. The last two as for ProcessGroup::join().
Result<GroupLinks> connect(const GroupPlace& place, std::chrono::milliseconds timeout,
                           const std::function<int()>& interrupted,
                           const std::function<void(const std::string&)>& too_late);

}  // namespace shrike::train
