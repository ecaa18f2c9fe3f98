#include "calibrate/layers.h"
#include "calibrate/passes.h"

namespace shrike {

namespace {

// The sums of the rows that the channels of each group are multiplied with, in floats and as the
// input's integers have them.
struct Sums {
  explicit Sums(const Patches& patches)
      : size(patches.row_size()),
        real(static_cast<size_t>(patches.groups() * size)),
        rounded(real.size()),
        rows(static_cast<size_t>(patches.groups())) {}

  int64_t size;
  std::vector<double> real, rounded;  // (groups, size)
  std::vector<int64_t> rows;          // (groups)
};

void add(std::span<const float> rows, size_t size, double* sums) {
  for (size_t at = 0; at < rows.size(); at += size)
    for (size_t i = 0; i < size; ++i) sums[i] += static_cast<double>(rows[at + i]);
}

// bias[o] + the mean of w . x in floats - that of the integers' in integers.
Tensor corrected(const Tensor* bias, const Tensor& weights, const Tensor& integers,
                 const Sums& sums) {
  const int64_t channels = weights.shape()[0];
  const auto groups = static_cast<int64_t>(sums.rows.size());
  Tensor result(DType::kF32, Shape{channels});
  for (int64_t o = 0; o < channels; ++o) {
    const int64_t group = o * groups / channels;
    double off = 0;
    for (int64_t i = 0; i < sums.size; ++i) {
      const auto w = static_cast<size_t>(o * sums.size + i);
      const auto x = static_cast<size_t>(group * sums.size + i);
      off += static_cast<double>(weights.data<float>()[w]) * sums.real[x] -
             static_cast<double>(integers.data<float>()[w]) * sums.rounded[x];
    }
    const auto at = static_cast<size_t>(o);
    const double before = bias ? static_cast<double>(bias->data<float>()[at]) : 0;
    result.mutable_data<float>()[at] = static_cast<float>(
        before + off / static_cast<double>(sums.rows[static_cast<size_t>(group)]));
  }
  return result;
}

}  // namespace

Result<void> correct_biases(Calibration& c, const CalibrationOptions& options) {
  const std::vector<Layer> layers = layers_of(c);
  std::vector<Sums> sums;
  for (const Layer& layer : layers) sums.emplace_back(layer.patches);
  const auto take = [&](size_t l, int64_t group, std::vector<float>& rows) {
    Sums& of = sums[l];
    const auto size = static_cast<size_t>(of.size), at = static_cast<size_t>(group) * size;
    add(rows, size, of.real.data() + at);
    round_to(*layers[l].form, rows);
    add(rows, size, of.rounded.data() + at);
    of.rows[static_cast<size_t>(group)] += static_cast<int64_t>(rows.size() / size);
  };
  SHRIKE_TRY(show_layers(c, layers, options, take));
  for (size_t l = 0; l < layers.size(); ++l) {
    const Node& node = *layers[l].node;
    const Tensor* bias = node.inputs.size() > 2 ? c.network.constant(node.inputs[2]) : nullptr;
    layers[l].conv->bias = corrected(bias, layers[l].weights(c.network),
                                     dequantized(layers[l].conv->weights), sums[l]);
  }
  return {};
}

}  // namespace shrike
