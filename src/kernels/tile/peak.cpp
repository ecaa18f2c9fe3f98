#include "kernels/tile/peak.h"

#include <algorithm>
#include <chrono>

#include "base/cpu.h"
#include "base/tensor.h"

namespace shrike::kernels {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Zeros, which multiply as fast as any number.
std::shared_ptr<std::byte> zeros(int64_t count) {
  std::shared_ptr<std::byte> bytes = allocate_aligned(static_cast<size_t>(count) * sizeof(float));
  std::fill_n(reinterpret_cast<float*>(bytes.get()), count, 0.0f);
  return bytes;
}

}  // namespace

double tile_gmacs(const TileKernel& tile, double seconds) {
  constexpr int64_t kLength = 128;
  constexpr int kRepeat = 200;
  const auto rows = zeros(kMaxTileRows * kLength), weights = zeros(kMaxTileColumns * kLength),
             sums = zeros(kMaxTileColumns * kMaxTileRows);
  const auto floats = [](const std::shared_ptr<std::byte>& bytes) {
    return reinterpret_cast<float*>(bytes.get());
  };
  const float* pointers[kMaxTileRows];
  for (int r = 0; r < kMaxTileRows; ++r) pointers[r] = floats(rows) + r * kLength;
  const TileSums args{pointers,     1,           kLength, floats(weights), floats(weights),
                      floats(sums), tile.columns};
  double least = 1e30;
  const Clock::time_point start = Clock::now();
  do {
    const Clock::time_point before = Clock::now();
    for (int i = 0; i < kRepeat; ++i) tile.sums[tile.rows](args);
    least = std::min(least, seconds_since(before));
  } while (seconds_since(start) < seconds);
  return static_cast<double>(kLength * tile.rows * tile.columns) * kRepeat / least * 1e-9;
}

double peak_gmacs(double seconds) {
  double best = 0;
#if SHRIKE_KERNELS_AVX2
  if (cpu_features().avx512) best = std::max(best, tile_gmacs(kTileAvx512, seconds));
  if (cpu_features().avx2_fma) best = std::max(best, tile_gmacs(kTileAvx2, seconds));
#endif
  return best > 0 ? best : tile_gmacs(kTilePlain, seconds);
}

}  // namespace shrike::kernels
