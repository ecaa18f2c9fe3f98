// Carrier: sums of much over all ranks of a group, which go on beside other work. Private to train.
//
// What a LibTorch has decides which there are: each kind is a file, and CMake builds the one behind
// _without in its place. All ranks call the same functions of a carrier in the same order. Tensors
// are contiguous. Functions throw std::runtime_error.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "train/pair_links.h"

namespace shrike::train {

class Carrier {
 public:
  struct Place {
    c10::intrusive_ptr<c10d::Store> store;  // the group's
    PairLinks::Place links;
  };
  using Wait = std::function<void()>;

  Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  virtual ~Carrier() = default;

  // A sum in place that has begun: calling what it returns waits for its end. The memory stays
  // until then.
  virtual Wait start_sum(const at::Tensor& x) = 0;
  // In place; work that was given to x's device before and comes after sees it in order.
  virtual void sum(const at::Tensor& x) { start_sum(x)(); }
};

// c10d's over TCP, for tensors on the CPU. Null where LibTorch comes without Gloo's headers.
std::unique_ptr<Carrier> gloo_carrier(const Carrier::Place& place);

// PairLinks and a thread of its own, for tensors on the CPU.
std::unique_ptr<Carrier> pair_carrier(const Carrier::Place& place);

// c10d's over NCCL, for tensors on GPUs, one a rank. Null where LibTorch has no NCCL, or its
// headers were not there.
std::unique_ptr<Carrier> nccl_carrier(const Carrier::Place& place);

// For tensors anywhere: copies on the CPU, which `ordered` adds up in its order and `beside` beside
// it. Borrows both.
std::unique_ptr<Carrier> carrier_by_cpu(PairLinks& ordered, Carrier& beside);

// For PairLinks::reduce().
void add_to(const at::Tensor& a, const at::Tensor& b);

}  // namespace shrike::train
