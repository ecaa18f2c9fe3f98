#include "engine/steps/copy.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "kernels/layout/copy.h"
#include "kernels/sizes.h"

namespace shrike {

namespace {

// Without gaps on either side.
void copy_bytes(const std::byte* from, std::byte* to, size_t bytes, ThreadPool& pool) {
  constexpr int64_t kUnit = 1 << 16;  // worth a thread's while
  pool.parallel_for(kernels::divide_up(static_cast<int64_t>(bytes), kUnit), [&](int64_t unit, int) {
    const auto begin = static_cast<size_t>(unit * kUnit);
    std::memcpy(to + begin, from + begin, std::min(static_cast<size_t>(kUnit), bytes - begin));
  });
}

template <typename T>
void copy_as(const View& from_view, const std::byte* from, const View& to_view, std::byte* to,
             ThreadPool& pool) {
  kernels::copy_strided(strided_at(from_view, reinterpret_cast<const T*>(from)),
                        strided_at(to_view, reinterpret_cast<T*>(to)), pool);
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
  if (is_dense(from_view) && is_dense(to_view))
    return copy_bytes(from + from_view.offset * static_cast<int64_t>(size),
                      to + to_view.offset * static_cast<int64_t>(size),
                      static_cast<size_t>(from_view.count()) * size, pool);
  switch (size) {
    case 1:
      return copy_as<uint8_t>(from_view, from, to_view, to, pool);
    case 2:
      return copy_as<uint16_t>(from_view, from, to_view, to, pool);
    case 4:
      return copy_as<float>(from_view, from, to_view, to, pool);
    default:  // no type has another size
      assert(size == 8);
      return copy_as<uint64_t>(from_view, from, to_view, to, pool);
  }
}

Tensor map_order(const Tensor& tensor) {
  Tensor result(tensor.dtype(), tensor.shape());
  ThreadPool alone(1);
  copy_view(dense_view(tensor.shape()), tensor.bytes().data(), map_view(tensor.shape()),
            result.mutable_bytes().data(), dtype_size(tensor.dtype()), alone);
  return result;
}

}  // namespace shrike
