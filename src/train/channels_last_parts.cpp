#include "train/channels_last_parts.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstring>

#include "train/pixel_rows.h"

namespace shrike::train {

KeptMap kept_whole(const at::Tensor& x) {
  auto parts = c10::make_intrusive<MapParts>();
  parts->parts.push_back({{}, nullptr, 0, x.size(1)});
  parts->sizes = x.sizes().vec();
  return {std::move(parts), {x}};
}

at::Tensor computed_again(const MapParts& parts, at::TensorList kept) {
  if (parts.parts.size() == 1 && !parts.parts[0].node) return kept[0];
  const at::Tensor out =
      at::empty(parts.sizes, at::kFloat, {}, {}, {}, at::MemoryFormat::ChannelsLast);
  int64_t at = 0;
  size_t next = 0;
  for (const MapPart& part : parts.parts) {
    if (part.node) {
      part.write(*part.node, part.first, part.count, out, at);
    } else {
      write_channels(kept[next++], out, at);
    }
    at += part.count;
  }
  return out;
}

void write_channels(const at::Tensor& x, const at::Tensor& out, int64_t at) {
  const PixelRows from = pixel_rows(x);
  const int64_t rows = out.size(0) * out.size(2) * out.size(3), step = out.size(1);
  const size_t bytes = static_cast<size_t>(x.size(1)) * sizeof(float);
  const float* source = from.tensor.data_ptr<float>();
  float* target = out.data_ptr<float>() + at;
  at::parallel_for(0, rows, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      std::memcpy(target + r * step, source + r * from.stride, bytes);
  });
}

}  // namespace shrike::train
