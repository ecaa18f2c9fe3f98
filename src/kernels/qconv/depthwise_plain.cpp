#include <cstring>

#include "kernels/qconv/depthwise.h"

namespace shrike::kernels {

namespace {

// Two rows as int16s side by side.
void columns(const QColumns& c) {
  for (int64_t x = 0; x < c.count; ++x)
    for (int64_t k = 0; k < c.channels; ++k) {
      const int16_t pair[2] = {c.rows[0][x * c.steps[0] + k], c.rows[1][x * c.steps[1] + k]};
      std::memcpy(c.target + k / 4 * c.vector_stride + x * 16 + k % 4 * 4, pair, sizeof pair);
    }
}

template <bool kAdd>
void row_of(const QDepthwiseRow& row) {
  for (int64_t x = 0; x < row.count; ++x) {
    int32_t sums[kDepthwiseChannels];
    std::memcpy(sums, row.constants, sizeof sums);
    for (int64_t t = 0; t < row.taps; ++t)
      for (int v = 0; v < 4; ++v) {
        int16_t inputs[8], weights[8];
        std::memcpy(inputs, row.columns + row.offsets[t] + v * row.vector_stride + x * 16,
                    sizeof inputs);
        std::memcpy(weights, row.weights + t * 64 + v * 16, sizeof weights);
        for (int k = 0; k < 4; ++k)
          sums[4 * v + k] =
              static_cast<int32_t>(static_cast<uint32_t>(sums[4 * v + k]) +
                                   static_cast<uint32_t>(inputs[2 * k] * weights[2 * k] +
                                                         inputs[2 * k + 1] * weights[2 * k + 1]));
      }
    for (int64_t k = 0; k < row.channels; ++k)
      row.output[x * row.output_step + k] =
          output_byte(*row.rule, sums[k], row.scales[k], kAdd,
                      kAdd ? row.residual[x * row.residual_step + k] : uint8_t{0});
  }
}

QDepthwiseFunction function(RuleKind, bool add) { return add ? row_of<true> : row_of<false>; }

}  // namespace

const QDepthwiseKernel kQDepthwisePlain = {2, columns, function};

}  // namespace shrike::kernels
