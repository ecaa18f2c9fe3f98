// Connections of a group's own from rank to rank, which the thread that waits reads itself. Private
// to train.
//
// What a small sum costs is not what it carries but the way there and back. Gloo hands what comes
// from one thread to another, on cores that compute; here a thread looks at the socket for a moment
// without sleeping, as the others are about to have come as far. Recursive doubling (Thakur,
// Rabenseifner, Gropp 2005): in round k ranks whose numbers differ in bit k give each other what
// they have, log2(p) rounds for p ranks, where a ring takes 2 (p - 1). Of what is large they give
// each other halves, then quarters, and the sums of these on the way back: each rank sends what it
// has at most twice. Ranks beyond a power of two hand theirs to one below it and are given the
// result. Every sum is made once, or of the same two numbers by both of a pair: results have the
// same bits on every rank.
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
    std::string name = "pairs";      // of these connections among those of the same store
    bool looks = true;               // for a moment before it sleeps
  };

  // Connects this rank with those that it gives to and takes from, which find each other in `store`
  // (keys NAME/RANK). All functions throw std::runtime_error: nobody connects, another rank is
  // gone or says nothing for as long as the timeout, or the wait is in vain.
  PairLinks(c10d::Store& store, Place place);

  // All ranks call these in the same order. Tensors are contiguous, on the CPU, and of one size and
  // type on all ranks.

  // Puts into its first what it and the second come to, element by element; the same whichever is
  // first. It is given parts of the tensors, flat.
  using Add = std::function<void(const at::Tensor&, const at::Tensor&)>;
  // What all ranks' x come to, in place.
  void reduce(const at::Tensor& x, const Add& add);
  // What rank 0 has, to all.
  void broadcast(const at::Tensor& x);
  // Every rank's text by rank, on rank 0; nothing on the others.
  std::vector<std::string> gather(const std::string& text);

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

  bool has_one_beyond() const { return place_.rank + paired_ < place_.size; }
  void reduce_whole(const at::Tensor& x, const at::Tensor& theirs, const Add& add);
  void reduce_halves(const at::Tensor& x, const at::Tensor& theirs, const Add& add);

  // A message begins with its size.
  void give(int to, std::span<const char> bytes);
  void take(int from, std::span<char> bytes);
  void swap(int with, std::span<const char> out, std::span<char> in);
  std::string take_text(int from);
  void pack(std::span<const char> bytes);
  void unpack(int from, std::span<char> bytes) const;
  // Either may be empty.
  void move(int other, std::span<const char> out, std::span<char> in) const;

  Place place_;
  int paired_;  // ranks of the rounds: the largest power of two
  std::vector<Partner> partners_;
  std::vector<char> out_, in_;
};

}  // namespace shrike::train
