#include "kernels/conv/bfloat16.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "base/tensor.h"
#include "kernels/sizes.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kFinishRows = 32;  // whose sums are finished together, as igemm's are

int64_t tap_values(const ConvProblem& p) { return divide_up(p.in_channels, 2) * 2; }

// Where things lie in a PackedConv, in pairs or floats.
struct Packing {
  Packing(const TileKernel& tile, const ConvProblem& p)
      : depth(p.taps() * tap_values(p) / 2),
        panels(divide_up(p.out_channels, tile.columns)),
        panel(depth * tile.columns),
        bias(panels * panel),
        total(bias + panels * tile.columns) {}

  int64_t depth;   // pairs of one sum
  int64_t panels;  // of tile.columns outputs
  int64_t panel;   // pairs
  int64_t bias;    // offset
  int64_t total;
};

// In multiply-adds of fp32, for each tap of an output: the products, twice as many of which are
// made at once, and what was fitted to kernels_bench --bfloat16 on AMD EPYC (Zen 4).
int64_t product_cost(const ConvProblem& p) {
  return p.in_channels * divide_up(p.out_channels, 16) * 16 / 2;
}
int64_t rounding_cost(const ConvProblem& p) { return 400 + 3 * p.in_channels; }

// Pixels of a block: few enough that what they are rounded to stays in the first or second cache
// level while all weights pass by.
int64_t block_pixels(const Packing& packing) {
  constexpr int64_t kPairs = 8192;
  return std::clamp<int64_t>(kPairs / packing.depth / kFinishRows, 1, 8) * kFinishRows;
}

// Bytes of one worker's scratch, and its parts where `base` is given.
struct Scratch {
  Bfloat16Pair* rows;      // [pixel of a block][depth]
  float** outputs;         // [pixel]
  const float** residual;  // [pixel]
  float* sums;             // [kFinishRows][tile.columns]
};

size_t lay_out_scratch(const TileKernel& tile, const Packing& packing, std::byte* base,
                       Scratch* scratch) {
  const auto pixels = static_cast<size_t>(block_pixels(packing));
  const size_t rows = align_up(pixels * static_cast<size_t>(packing.depth) * sizeof(Bfloat16Pair));
  const size_t pointers = align_up(pixels * sizeof(float*));
  const size_t sums = static_cast<size_t>(kFinishRows * tile.columns) * sizeof(float);
  if (scratch)
    *scratch = {reinterpret_cast<Bfloat16Pair*>(base), reinterpret_cast<float**>(base + rows),
                reinterpret_cast<const float**>(base + rows + pointers),
                reinterpret_cast<float*>(base + rows + 2 * pointers)};
  return rows + 2 * pointers + align_up(sums);
}

// One call of bfloat16_run, the same for all workers.
class Bfloat16Run {
 public:
  Bfloat16Run(const Bfloat16Kernel& kernel, const ConvProblem& problem, const PackedConv& packed,
              const ConvMaps& maps)
      : kernel_(kernel),
        tile_(*kernel.tile),
        problem_(problem),
        maps_(maps),
        packing_(tile_, problem),
        packed_(packed.bytes.get()),
        finish_(tile_.finish(problem.activation.kind)) {}

  // Panels [begin, end) of pixels [first, last).
  void compute(const Scratch& scratch, int64_t first, int64_t last, int64_t begin,
               int64_t end) const {
    take_pixels(scratch, first, last);
    for (int64_t panel = begin; panel < end; ++panel)
      for (int64_t i = 0; i < last - first; i += kFinishRows)
        compute_panel(scratch, i, std::min(kFinishRows, last - first - i), panel);
  }

 private:
  void take_pixels(const Scratch& scratch, int64_t first, int64_t last) const {
    int64_t y = first / problem_.out_width, x = first % problem_.out_width;
    auto* target = reinterpret_cast<uint16_t*>(scratch.rows);
    for (int64_t i = 0; i < last - first; ++i, target += 2 * packing_.depth) {
      scratch.outputs[i] = maps_.output.at(y, x);
      if (problem_.residual != Residual::kNone) scratch.residual[i] = maps_.residual.at(y, x);
      round_window(y, x, target);
      if (++x == problem_.out_width) ++y, x = 0;
    }
  }

  // The window of output (y, x), tap behind tap.
  void round_window(int64_t y, int64_t x, uint16_t* target) const {
    const ConvProblem& p = problem_;
    const int64_t values = tap_values(p);
    for (int64_t i = 0; i < p.kernel_h; ++i)
      for (int64_t j = 0; j < p.kernel_w; ++j, target += values) {
        const int64_t in_y = y * p.stride_h - p.pad_top + i * p.dilation_h;
        const int64_t in_x = x * p.stride_w - p.pad_left + j * p.dilation_w;
        if (in_y >= 0 && in_y < p.in_height && in_x >= 0 && in_x < p.in_width) {
          kernel_.round(maps_.input.at(in_y, in_x), p.in_channels, target);
        } else {
          std::memset(target, 0, static_cast<size_t>(values) * sizeof *target);
        }
      }
  }

  void compute_panel(const Scratch& scratch, int64_t first, int64_t count, int64_t panel) const {
    const int64_t column = panel * tile_.columns;
    const int64_t columns = std::min<int64_t>(tile_.columns, problem_.out_channels - column);
    const auto* weights = reinterpret_cast<const Bfloat16Pair*>(packed_) + panel * packing_.panel;
    const float* bias = reinterpret_cast<const float*>(packed_) + packing_.bias + column;
    kernel_.sums({scratch.rows + first * packing_.depth, count, packing_.depth, weights, bias,
                  scratch.sums, columns});
    finish_({scratch.sums, static_cast<int>(count), column, columns, scratch.outputs + first,
             scratch.residual + first, problem_.activation, problem_.residual});
  }

  const Bfloat16Kernel& kernel_;
  const TileKernel& tile_;
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  const Packing packing_;
  const std::byte* packed_;
  const TileFinishFunction finish_;
};

}  // namespace

uint16_t rounded_to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude < 0x00800000u) return static_cast<uint16_t>(bits >> 16 & 0x8000u);
  if (magnitude > 0x7F800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
}

double bfloat16_cost(const ConvProblem& problem) {
  const auto taps = static_cast<double>(problem.out_height * problem.out_width * problem.taps());
  return taps * static_cast<double>(product_cost(problem) + rounding_cost(problem));
}

const char* bfloat16_refuse(const Bfloat16Kernel& kernel, const ConvProblem& problem) {
  if (problem.precision != Precision::kBfloat16) return "rounding to bfloat16 is not allowed";
  if (problem.groups != 1) return "in groups";
  if (!problem.by_estimate) return nullptr;
  if (!cpu_features().fast_avx512_bf16) return "the processor multiplies no faster so";
  const double cost = bfloat16_cost(problem);
  if (rounding_cost(problem) >= product_cost(problem) || cost >= direct_cost(problem))
    return "rounding the inputs takes longer than it saves";
  if (winograd_costs_less(*kernel.tile, cost, problem))
    return "Winograd's algorithm is faster at this size";
  return nullptr;
}

size_t bfloat16_packed_bytes(const Bfloat16Kernel& kernel, const ConvProblem& problem) {
  return static_cast<size_t>(Packing(*kernel.tile, problem).total) * sizeof(float);
}

void bfloat16_pack(const Bfloat16Kernel& kernel, const ConvProblem& problem, const float* weights,
                   const float* bias, float* packed) {
  const Packing packing(*kernel.tile, problem);
  const int64_t columns = kernel.tile->columns, channels = problem.in_channels;
  const int64_t taps = problem.taps(), values = tap_values(problem);
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    auto* panel =
        reinterpret_cast<uint16_t*>(packed) + 2 * (o / columns * packing.panel + o % columns);
    const float* source = weights + o * channels * taps;
    for (int64_t tap = 0; tap < taps; ++tap, panel += values * columns)
      for (int64_t c = 0; c < channels; ++c)
        panel[c / 2 * 2 * columns + c % 2] = rounded_to_bfloat16(source[c * taps + tap]);
    if (bias) packed[packing.bias + o] = bias[o];
  }
}

size_t bfloat16_scratch_bytes(const Bfloat16Kernel& kernel, const ConvProblem& problem,
                              int threads) {
  const Packing packing(*kernel.tile, problem);
  return static_cast<size_t>(threads) * lay_out_scratch(*kernel.tile, packing, nullptr, nullptr);
}

void bfloat16_run(const Bfloat16Kernel& kernel, const ConvProblem& problem,
                  const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                  std::span<std::byte> scratch) {
  assert(scratch.size() >= bfloat16_scratch_bytes(kernel, problem, pool.threads()));
  const Bfloat16Run run(kernel, problem, packed, maps);
  const Packing packing(*kernel.tile, problem);
  const int64_t pixels = problem.out_height * problem.out_width, block = block_pixels(packing);
  const int64_t blocks = divide_up(pixels, block);
  // Small maps are also divided by outputs, so that every thread gets about four units of work.
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t parts = std::clamp<int64_t>(divide_up(wanted, blocks), 1, packing.panels);
  const size_t stride = lay_out_scratch(*kernel.tile, packing, nullptr, nullptr);
  pool.parallel_for(blocks * parts, [&](int64_t unit, int worker) {
    Scratch mine;
    lay_out_scratch(*kernel.tile, packing, scratch.data() + static_cast<size_t>(worker) * stride,
                    &mine);
    const int64_t part = unit % parts, first = unit / parts * block;
    run.compute(mine, first, std::min(pixels, first + block), packing.panels * part / parts,
                packing.panels * (part + 1) / parts);
  });
}

}  // namespace shrike::kernels
