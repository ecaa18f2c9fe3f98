// FlatParameters: all that a graph learns in one block of memory, and its gradients in another, so
// that what is done to every weight is one pass.
//
// The block holds, in this order: biases and shifts, scales of batch norms, steps of integers,
// weights that decay, what is frozen, running statistics; within these the order of the graph, so that backward comes to
// the end of what learns first. Each parameter starts at a multiple of 16 floats; what lies between
// is 0 and stays 0. Gradients lie at the same places, but for the statistics, which have none.
//
// Both blocks are in this machine's memory. Where the network learns on a GPU, it has two more
// there, and its tensors are views of those; fetch() and push() bring them to the same values.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "train/parameters.h"

namespace shrike::train {

enum class ParameterGroup : uint8_t {
  kBiases,
  kScales,
  kSteps,
  kDecaying,
  kFrozen,
  kStatistics
};
inline constexpr size_t kParameterGroups = 6;

class FlatParameters {
 public:
  struct Range {
    int64_t begin = 0, end = 0;
  };
  struct Entry {
    std::string name;
    Shape shape;
    ParameterGroup group = ParameterGroup::kDecaying;
    int64_t begin = 0;
    int64_t elements = 0;
  };

  // Moves the parameters' values into the block; their tensors become views of it, on `device`, so
  // modules must be built afterwards. `frozen`: names of what must not change. Throws as LibTorch
  // does, here and below.
  static FlatParameters lay_out(Parameters& parameters,
                                const std::function<bool(const std::string&)>& frozen,
                                c10::Device device = c10::kCPU);

  // Values and gradients from the device, and to it. Nothing to do on a CPU.
  void fetch();
  void push();

  const std::vector<Entry>& entries() const { return entries_; }
  Range range(ParameterGroup group) const { return ranges_[static_cast<size_t>(group)]; }

  // Everything, statistics included.
  std::span<float> values() const;
  // What gradients are for: all before the frozen ones.
  std::span<float> learned() const;
  std::span<float> gradients() const;
  // Where backward adds them up: on the device.
  const at::Tensor& device_gradients() const { return device_gradients_; }

 private:
  std::vector<Entry> entries_;
  std::array<Range, kParameterGroups> ranges_;
  at::Tensor values_, gradients_;
  at::Tensor device_values_, device_gradients_;  // the same ones on a CPU
};

// The root of the sum of squares, summed in an order that does not depend on threads.
double norm(std::span<const float> values);

}  // namespace shrike::train
