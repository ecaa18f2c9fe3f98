// The step of what computes each element of an output from that of one input, row by row.
#pragma once

#include <array>
#include <cstdint>

#include "engine/step.h"
#include "engine/steps/rows.h"

namespace shrike {

// Maps whose rows do not lie back to back are a block a row.
inline constexpr int64_t kAnyBlocks = INT64_MAX;

// In, Out: float, uint8_t or int16_t. kernel.run(argument, rows of In, rows of Out, pool).
template <typename In, typename Out, typename Argument, typename Kernel>
class RowsStep : public Step {
 public:
  RowsStep(const Argument& argument, const Kernel& kernel, Slot input, Slot output)
      : argument_(argument),
        kernel_(kernel),
        input_(input),
        output_(output),
        rows_(*rows_of(std::array{input.view, output.view}, kAnyBlocks)) {}

  Result<void> run(RunContext& context) const override {
    const In* in = context.elements<In>(input_);
    Out* out = context.elements<Out>(output_);
    for (const std::vector<int64_t>& block : rows_.blocks)
      kernel_.run(argument_, {in + block[0], rows_.rows, rows_.length, rows_.strides[0]},
                  {out + block[1], rows_.rows, rows_.length, rows_.strides[1]}, context.pool());
    return {};
  }

 private:
  Argument argument_;
  const Kernel& kernel_;
  Slot input_, output_;
  Rows rows_;
};

}  // namespace shrike
