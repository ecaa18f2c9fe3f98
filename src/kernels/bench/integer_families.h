// The convolutions of bytes and of words as qconv_bench times them: the table, a problem's steps, and
// the maps and weights of a layer.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/tensor.h"
#include "kernels/qconv/qconv.h"
#include "kernels/qconv/word_conv.h"

namespace shrike::kernels::bench {

// A dense map of T, filled with what looks like anything.
template <typename T>
class BenchMap {
 public:
  BenchMap(int64_t height, int64_t width, int64_t channels)
      : bytes_(allocate_aligned(static_cast<size_t>(height * width * channels) * sizeof(T))),
        view_(dense_map(reinterpret_cast<T*>(bytes_.get()), height, width, channels)) {
    const int64_t count = height * width * channels;
    for (int64_t i = 0; i < count; ++i) view_.data[i] = static_cast<T>((i * 7919) >> 3);
  }
  const BasicMapView<T>& view() const { return view_; }

 private:
  std::shared_ptr<std::byte> bytes_;
  BasicMapView<T> view_;
};

struct ByteFamily {
  using Problem = QConvProblem;
  using Kernel = QConvKernel;

  static std::span<const Kernel> kernels() { return qconv_kernels(); }
  static Problem problem() {
    Problem p;
    p.in_scale = p.out_scale = 0.025f;
    p.in_zero = p.out_zero = 11;
    return p;
  }

  class Layer {
   public:
    Layer(const ByteFamily&, const Problem& p)
        : input_(p.in_height, p.in_width, p.in_channels),
          output_(p.out_height, p.out_width, p.out_channels),
          values_(static_cast<size_t>(p.weight_count())),
          scales_(static_cast<size_t>(p.out_channels), 0.0004f) {
      for (size_t i = 0; i < values_.size(); ++i) values_[i] = static_cast<int8_t>(i * 7919 >> 4);
    }
    QConvWeights weights() const { return {values_.data(), scales_.data(), nullptr}; }
    QConvMaps maps() const { return {input_.view(), output_.view(), {}, {}}; }

   private:
    BenchMap<uint8_t> input_, output_;
    std::vector<int8_t> values_;
    std::vector<float> scales_;
  };
};

struct WordFamily {
  using Problem = WordConvProblem;
  using Kernel = WordConvKernel;

  int bits;  // of weights

  static std::span<const Kernel> kernels() { return word_conv_kernels(); }
  static Problem problem() {
    Problem p;
    p.in_scale = p.out_scale = 1e-4f;
    return p;
  }

  class Layer {
   public:
    // Sums of four numbers are spread nearly as those of a trained network are.
    Layer(const WordFamily& family, const Problem& p)
        : input_(p.in_height, p.in_width, p.in_channels),
          output_(p.out_height, p.out_width, p.out_channels),
          values_(static_cast<size_t>(p.weight_count())) {
      const int most = (1 << (family.bits - 1)) - 1;
      uint32_t state = 1;
      for (int16_t& value : values_) {
        int64_t sum = 0;
        for (int i = 0; i < 4; ++i) sum += (state = state * 1664525u + 1013904223u) >> 16;
        value = static_cast<int16_t>((sum - 2 * 65535) * most / (2 * 65535));
      }
      scales_.assign(static_cast<size_t>(p.out_channels),
                     8.0f / (static_cast<float>(most) * static_cast<float>(p.group_in())));
    }
    WordConvWeights weights() const {
      return {values_.data(), nullptr, scales_.data(), nullptr};
    }
    WordConvMaps maps() const { return {input_.view(), {}, output_.view(), {}, {}}; }

   private:
    BenchMap<int16_t> input_, output_;
    std::vector<int16_t> values_;
    std::vector<float> scales_;
  };
};

}  // namespace shrike::kernels::bench
