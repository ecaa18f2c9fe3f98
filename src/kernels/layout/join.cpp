#include "kernels/layout/join.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "kernels/layout/transpose_block.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kPixels = 64, kChannels = 16;  // of a block: its planes stay in the first cache

// count elements `step` apart. The compiler makes shuffles of steps of 2, which move bits as they
// are, as memcpy does.
void gather(const float* in, int64_t step, int64_t count, float* out) {
  if (step == 1) {
    std::memcpy(out, in, static_cast<size_t>(count) * sizeof(float));
  } else if (step == 2) {
    for (int64_t i = 0; i < count; ++i) out[i] = in[2 * i];
  } else {
    for (int64_t i = 0; i < count; ++i) std::memcpy(out + i, in + i * step, sizeof(float));
  }
}

// Asks for what the next row's gather() will read: several streams at once are more than processors
// see by themselves.
void prefetch(const float* in, int64_t step, int64_t count) {
  constexpr int64_t kLine = 64 / sizeof(float);
  for (int64_t i = 0; i < count * step; i += kLine) __builtin_prefetch(in + i);
}

// Blocks of planes of one row of the map, from where the parts' elements lie to its pixels.
class RowJoin {
 public:
  RowJoin(std::span<const ConstStridedView> parts, const MapView& map, int64_t y)
      : parts_(parts), map_(map), y_(y) {}

  void run() {
    for (int64_t x = 0; x < map_.width; x += kPixels) {
      const int64_t count = std::min(kPixels, map_.width - x);
      int64_t channel = 0, planes = 0;
      for (const ConstStridedView& part : parts_)
        for (int64_t c = 0; c < part.dims[0]; ++c) {
          const float* in =
              part.data + c * part.strides[0] + y_ * part.strides[1] + x * part.strides[2];
          gather(in, part.strides[2], count, planes_ + planes * kPixels);
          if (y_ + 1 < map_.height && (c == 0 || part.strides[0] != 1))
            prefetch(in + part.strides[1], part.strides[2], count);
          if (++planes < kChannels) continue;
          store(x, count, channel, planes);
          channel += planes;
          planes = 0;
        }
      store(x, count, channel, planes);
    }
  }

 private:
  void store(int64_t x, int64_t count, int64_t channel, int64_t planes) const {
    block_({planes, count, kPixels, map_.pixel_stride}, planes_, map_.at(y_, x) + channel);
  }

  std::span<const ConstStridedView> parts_;
  const MapView& map_;
  const int64_t y_;
  const TransposeBlock block_ = transpose_block_best();
  alignas(64) float planes_[kChannels * kPixels];
};

}  // namespace

void join_channels(std::span<const ConstStridedView> parts, const MapView& map, ThreadPool& pool) {
  assert(std::all_of(parts.begin(), parts.end(), [&](const ConstStridedView& part) {
    return part.rank == 3 && part.dims[1] == map.height && part.dims[2] == map.width;
  }));
  pool.parallel_for(map.height, [&](int64_t y, int) { RowJoin(parts, map, y).run(); });
}

}  // namespace shrike::kernels
