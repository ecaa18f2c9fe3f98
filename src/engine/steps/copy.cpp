#include "engine/steps/copy.h"

#include <cassert>
#include <cstring>

#include "kernels/layout/copy.h"

namespace shrike {

namespace {

// Types of more than 4 bytes occur in small index tensors only.
void copy_by_element(const View& from_view, const std::byte* from, const View& to_view,
                     std::byte* to, size_t size) {
  const int64_t count = from_view.count();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t source =
        from_view.offset + kernels::offset_of(i, from_view.rank, from_view.dims, from_view.strides);
    const int64_t target =
        to_view.offset + kernels::offset_of(i, to_view.rank, to_view.dims, to_view.strides);
    std::memcpy(to + target * static_cast<int64_t>(size),
                from + source * static_cast<int64_t>(size), size);
  }
}

class CopyStep : public Step {
 public:
  explicit CopyStep(std::vector<SlotCopy> copies) : copies_(std::move(copies)) {}

  Result<void> run(RunContext& context) const override {
    for (const SlotCopy& copy : copies_)
      copy_view(copy.from.view, context.base(copy.from), copy.to.view, context.base(copy.to),
                dtype_size(copy.from.dtype), context.pool());
    return {};
  }

 private:
  std::vector<SlotCopy> copies_;
};

}  // namespace

std::unique_ptr<Step> make_copy_step(std::vector<SlotCopy> copies) {
  return std::make_unique<CopyStep>(std::move(copies));
}

void copy_view(const View& from_view, const std::byte* from, const View& to_view, std::byte* to,
               size_t size, ThreadPool& pool) {
  assert(from_view.shape() == to_view.shape());
  if (is_dense(from_view) && is_dense(to_view)) {
    std::memcpy(to + to_view.offset * static_cast<int64_t>(size),
                from + from_view.offset * static_cast<int64_t>(size),
                static_cast<size_t>(from_view.count()) * size);
    return;
  }
  if (size == 1)
    return kernels::copy_strided(strided_at(from_view, reinterpret_cast<const uint8_t*>(from)),
                                 strided_at(to_view, reinterpret_cast<uint8_t*>(to)), pool);
  if (size == 2)
    return kernels::copy_strided(strided_at(from_view, reinterpret_cast<const uint16_t*>(from)),
                                 strided_at(to_view, reinterpret_cast<uint16_t*>(to)), pool);
  if (size != sizeof(float)) return copy_by_element(from_view, from, to_view, to, size);
  kernels::copy_strided(strided_at(from_view, reinterpret_cast<const float*>(from)),
                        strided_at(to_view, reinterpret_cast<float*>(to)), pool);
}

Tensor map_order(const Tensor& tensor) {
  Tensor result(tensor.dtype(), tensor.shape());
  ThreadPool alone(1);
  copy_view(dense_view(tensor.shape()), tensor.bytes().data(), map_view(tensor.shape()),
            result.mutable_bytes().data(), dtype_size(tensor.dtype()), alone);
  return result;
}

}  // namespace shrike
