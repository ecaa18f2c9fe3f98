// Small sums of ranks: connections of their own from rank to rank, which the thread that waits
// reads itself. Private to train.
//
// What a small sum costs is not what it carries but the way there and back. Gloo hands what comes
// from one thread to another, on cores that compute; here a thread looks at the socket for a moment
// without sleeping, as the others are about to have come as far. Recursive doubling (Thakur,
// Rabenseifner, Gropp 2005): in round k ranks whose numbers differ in bit k give each other what
// they have, log2(p) rounds for p ranks, where a ring takes 2 (p - 1). Ranks beyond a power of two
// hand theirs to one below it and are given the result. Both of a pair come to the same two
// numbers' sum: results have the same bits on every rank.
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "base/file_descriptor.h"

namespace shrike::train {

class PairLinks {
 public:
  struct Place {
    int rank, size;
    std::string address;  // of this host, where others reach it
    std::chrono::milliseconds timeout;
    std::function<bool()> given_up;  // asked while it waits: whether that is in vain
  };

  // Connects this rank with those that it gives to and takes from, which find each other in `store`
  // (keys pairs/RANK). All functions throw std::runtime_error: nobody connects, another rank is
  // gone or says nothing for as long as the timeout, or the wait is in vain.
  PairLinks(c10d::Store& store, Place place);

  // Puts into its first what it and the second come to; the same whichever is first.
  using Add = std::function<void(const at::Tensor&, const at::Tensor&)>;
  // What all ranks' x come to, in place. x: contiguous, on the CPU, of one size and type on all
  // ranks, which call it in the same order.
  void reduce(const at::Tensor& x, const Add& add);

 private:
  struct Partner {
    int rank;
    FileDescriptor socket;
  };
  struct Hello;
  struct Caller;
  struct Listener;

  void accept_all(const Listener& listener, std::vector<int> missing);
  void connect(c10d::Store& store, int rank);
  const Partner& partner(int rank) const;

  // A message begins with its size. Both may be of no message: empty.
  void pack(const at::Tensor& x);
  void give(int to, const at::Tensor& x);
  void take(int from, const at::Tensor& theirs);
  void swap(int with, const at::Tensor& x, const at::Tensor& theirs);
  void move(int other, std::span<const char> out, std::span<char> in) const;
  void unpack(int from, const at::Tensor& theirs) const;

  Place place_;
  int paired_;  // ranks of the rounds: the largest power of two
  std::vector<Partner> partners_;
  std::vector<char> out_, in_;
};

}  // namespace shrike::train
