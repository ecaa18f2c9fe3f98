#include "kernels/conv/split.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "base/tensor.h"
#include "kernels/conv/bfloat16.h"
#include "kernels/conv/split_pointwise.h"
#include "kernels/conv/split_sums.h"

namespace shrike::kernels {

namespace {

// Bytes of one worker's scratch, and its parts where `base` is given.
struct Scratch {
  uint16_t* planes[2];  // of two strips in turn
  float* sums;          // [2][kSplitRows][kSplitColumns]
  int64_t* taps;        // offsets
};

size_t lay_out_scratch(const SplitKernel& kernel, const ConvProblem& p, const SplitUnits& units,
                       std::byte* base, Scratch* scratch) {
  const SplitPlanes planes(kernel, p);
  const size_t numbers = align_up(static_cast<size_t>(planes.bytes(p, units.strip_rows)));
  const size_t both = units.strip_rows < units.rows() ? 2 * numbers : numbers;
  const size_t sums = 2 * kSplitSums * sizeof(float);
  const size_t taps = align_up(static_cast<size_t>(p.taps()) * sizeof(int64_t));
  if (scratch) {
    const auto numbers_at = [&](size_t offset) {
      return reinterpret_cast<uint16_t*>(base + offset);
    };
    *scratch = {{numbers_at(0), numbers_at(both - numbers)},
                reinterpret_cast<float*>(base + both),
                reinterpret_cast<int64_t*>(base + both + sums)};
  }
  return both + sums + taps;
}

// One unit of split_run: some rows of the output, of some blocks of outputs.
struct Band {
  int64_t first, last;  // rows
  int64_t begin, end;   // blocks
};

// Strip by strip.
void compute_band(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                  const ConvMaps& maps, const Scratch& scratch, int64_t strip_rows,
                  const Band& band) {
  const SplitPlanes planes(kernel, problem);
  const auto rows_at = [&](int64_t row) { return std::min(strip_rows, band.last - row); };
  SplitSums sums(kernel, problem, packed, maps, planes, band.first, 0, scratch.sums, scratch.taps);
  Splitter splitter(kernel, problem, maps.input, planes);
  kernel.begin();
  splitter.start(band.first, rows_at(band.first), scratch.planes[0]);
  splitter.take_rest();
  int turn = 0;
  for (int64_t row = band.first; row < band.last; row += strip_rows, turn ^= 1) {
    const int64_t next = row + strip_rows;
    if (next < band.last) splitter.start(next, rows_at(next), scratch.planes[turn ^ 1]);
    const SplitSums::Strip strip{scratch.planes[turn], planes.positions(problem, rows_at(row)),
                                 rows_at(row), (row - band.first) * planes.width,
                                 next < band.last ? &splitter : nullptr};
    sums.compute(strip, band.begin, band.end);
  }
  sums.finish();
  kernel.end();
}

// Numbers of 8 bits whose sum it is: all but the last rounded with ties away from zero. Some NaN
// become 0 by that, but never the last.
void split_number(float value, int count, uint16_t (&parts)[kSplitParts]) {
  for (int part = 0; part < count - 1; ++part) {
    const uint32_t bits = std::bit_cast<uint32_t>(value) + 0x8000u;
    parts[part] = static_cast<uint16_t>(bits >> 16);
    value -= std::bit_cast<float>(bits & 0xFFFF0000u);
  }
  parts[count - 1] = rounded_to_bfloat16(value);
}

}  // namespace

size_t split_packed_bytes(const SplitKernel& kernel, const ConvProblem& problem) {
  return SplitPacking(kernel, problem).bytes();
}

void split_pack(const SplitKernel& kernel, const ConvProblem& problem, const float* weights,
                const float* bias, float* packed) {
  const SplitPacking packing(kernel, problem);
  const int64_t taps = problem.taps(), channels = problem.in_channels;
  const int64_t steps = split_steps(problem);
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    const int64_t tile = o / kSplitTile, tiles = packing.part_tiles(tile);
    auto* target = reinterpret_cast<uint16_t*>(packed) + packing.at(tile) + o % kSplitTile * 2;
    const float* source = weights + o * channels * taps;
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t step = tap * steps + c / kSplitDepth, place = split_place(c % kSplitDepth);
        uint16_t parts[kSplitParts];
        split_number(source[c * taps + tap], kernel.parts, parts);
        for (int64_t part = 0; part < kernel.parts; ++part)
          target[(step * kernel.parts + part) * tiles * kSplitTileNumbers +
                 place / 2 * 2 * kSplitTile + place % 2] = parts[part];
      }
    if (bias) packed[packing.bias + o] = bias[o];
  }
}

size_t split_scratch_bytes(const SplitKernel& kernel, const ConvProblem& problem, int threads) {
  if (problem.pixel_by_pixel()) return 0;
  // More threads have smaller bands, which may take less: a plan's pool may have fewer than asked.
  size_t most = 0;
  for (size_t count = 1; count <= static_cast<size_t>(threads); ++count) {
    const SplitUnits units(kernel, problem, static_cast<int>(count));
    most = std::max(most, count * lay_out_scratch(kernel, problem, units, nullptr, nullptr));
  }
  return most;
}

void split_run(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
               const ConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch) {
  assert(scratch.size() >= split_scratch_bytes(kernel, problem, pool.threads()));
  if (problem.pixel_by_pixel()) return split_pointwise_run(kernel, problem, packed, maps, pool);
  const SplitUnits units(kernel, problem, pool.threads());
  const size_t stride = lay_out_scratch(kernel, problem, units, nullptr, nullptr);
  const int64_t blocks = SplitPacking(kernel, problem).groups;
  pool.parallel_for(units.bands * units.parts, [&](int64_t index, int worker) {
    Scratch mine;
    lay_out_scratch(kernel, problem, units, scratch.data() + static_cast<size_t>(worker) * stride,
                    &mine);
    const int64_t part = index / units.bands, band = index % units.bands;
    compute_band(kernel, problem, packed, maps, mine, units.strip_rows,
                 {units.first(band), units.first(band + 1), blocks * part / units.parts,
                  blocks * (part + 1) / units.parts});
  });
}

}  // namespace shrike::kernels
