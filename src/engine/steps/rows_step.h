// The step of what computes each element of an output from that of one input, row by row.
#pragma once

#include <array>
#include <cstdint>

#include "engine/step.h"
#include "engine/steps/rows.h"
#include "kernels/elementwise/pieces.h"

namespace shrike {

// In, Out: float, uint8_t or int16_t. kernel.run(argument, rows of In, rows of Out, pool).
template <typename In, typename Out, typename Argument, typename Kernel>
class RowsStep : public Step {
 public:
  RowsStep(const Argument& argument, const Kernel& kernel, Slot input, Slot output)
      : argument_(argument),
        kernel_(kernel),
        input_(input),
        output_(output),
        rows_(*rows_of(std::array{input.view, output.view}, kAnyBlocks, Repeats::kNot)) {}

  Result<void> run(RunContext& context) const override {
    const In* in = context.elements<In>(input_);
    Out* out = context.elements<Out>(output_);
    const auto run_rows = [&](size_t block, int64_t first, int64_t last, ThreadPool& pool) {
      const std::vector<int64_t>& at = rows_.blocks[block];
      const int64_t from = rows_.strides[0], to = rows_.strides[1];
      kernel_.run(argument_, {in + at[0] + first * from, last - first, rows_.length, from},
                  {out + at[1] + first * to, last - first, rows_.length, to}, pool);
    };
    ThreadPool& pool = context.pool();
    const auto blocks = static_cast<int64_t>(rows_.blocks.size());
    const int64_t parts = parts_of_blocks(blocks, pool);
    if (parts == 0) {
      for (int64_t block = 0; block < blocks; ++block)
        run_rows(static_cast<size_t>(block), 0, rows_.rows, pool);
      return {};
    }
    // The same rows of all blocks go to one thread: of a head's anchors, which it has computed.
    pool.parallel_for(blocks * parts, [&](int64_t unit, int) {
      const int64_t part = unit / blocks;
      run_rows(static_cast<size_t>(unit % blocks), rows_.rows * part / parts,
               rows_.rows * (part + 1) / parts, alone_);
    });
    return {};
  }

 private:
  // That each block is divided into, as often as each thread gets as many; 0 for all blocks in
  // turn: of one, which its kernel divides, and where they are too small for several threads, or
  // their rows too few.
  int64_t parts_of_blocks(int64_t blocks, const ThreadPool& pool) const {
    const int64_t all = blocks * rows_.rows * rows_.length;
    const int64_t units = kernels::divide_up(all, kernels::kWorthAThread);
    const int64_t parts =
        kernels::round_up(kernels::divide_up(units, blocks), int64_t{pool.threads()});
    return blocks > 1 && units > 1 && parts <= rows_.rows ? parts : 0;
  }

  Argument argument_;
  const Kernel& kernel_;
  Slot input_, output_;
  Rows rows_;
  mutable ThreadPool alone_{1};  // for what one worker does
};

}  // namespace shrike
