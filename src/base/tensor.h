// Tensor: element type, shape and bytes. Cheap to copy: copies share the bytes.
//
// The bytes are row-major and aligned to kTensorAlignment when the tensor owns them, and at least
// to the element size when they are borrowed (for example from a mapped model file, which the
// owner keeps alive). Bytes that are shared are read-only; mutable_data() is for the one who has
// just made the tensor and has not yet given it away.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/dtype.h"
#include "base/result.h"
#include "base/shape.h"

namespace shrike {

inline constexpr size_t kTensorAlignment = 64;

// The next multiple of kTensorAlignment.
constexpr size_t align_up(size_t bytes) {
  return (bytes + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment;
}

class Tensor {
 public:
  Tensor() = default;

  // Zeroed. Requires a known type and a static shape whose element_count() is given.
  Tensor(DType dtype, Shape shape);

  // Like the constructor, for sizes that come from a file: an error where the constructor asserts.
  static Result<Tensor> make(DType dtype, Shape shape);
  // The same with undefined bytes, for who writes all of them.
  static Result<Tensor> make_unfilled(DType dtype, Shape shape);

  // Borrows bytes that `owner` keeps alive; copies them when they are misaligned for the type.
  // An error unless bytes.size() is exactly what dtype and shape need.
  static Result<Tensor> borrow(DType dtype, Shape shape, std::span<const std::byte> bytes,
                               std::shared_ptr<const void> owner);

  template <typename T>
  static Tensor from(Shape shape, const std::vector<T>& values);
  template <typename T>
  static Tensor scalar(T value) {
    return from<T>(Shape{}, std::vector<T>{value});
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t size() const { return count_; }
  size_t byte_size() const { return static_cast<size_t>(count_) * dtype_size(dtype_); }
  bool empty() const { return count_ == 0; }

  std::span<const std::byte> bytes() const { return {data_, byte_size()}; }
  std::span<std::byte> mutable_bytes() { return {const_cast<std::byte*>(data_), byte_size()}; }

  template <typename T>
  std::span<const T> data() const {
    assert(kDTypeOf<T> == dtype_ || (dtype_ == DType::kF16 && sizeof(T) == 2));
    return {reinterpret_cast<const T*>(data_), static_cast<size_t>(count_)};
  }
  template <typename T>
  std::span<T> mutable_data() {
    assert(kDTypeOf<T> == dtype_ || (dtype_ == DType::kF16 && sizeof(T) == 2));
    return {reinterpret_cast<T*>(const_cast<std::byte*>(data_)), static_cast<size_t>(count_)};
  }

  // The same bytes under another shape. Requires the same element count.
  Tensor reshaped(Shape shape) const;

  // Same type, shape and bytes.
  bool operator==(const Tensor& other) const;

 private:
  Tensor(DType dtype, Shape shape, std::shared_ptr<std::byte> bytes);

  DType dtype_ = DType::kUndefined;
  Shape shape_;
  int64_t count_ = 0;
  const std::byte* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

// kTensorAlignment-aligned bytes, zeroed or undefined, and as many as align_up() makes of them.
enum class Fill { kZero, kNothing };
std::shared_ptr<std::byte> allocate_aligned(size_t bytes, Fill fill = Fill::kZero);

template <typename T>
Tensor Tensor::from(Shape shape, const std::vector<T>& values) {
  Tensor tensor(kDTypeOf<T>, std::move(shape));
  assert(tensor.size() == static_cast<int64_t>(values.size()));
  std::span<T> out = tensor.mutable_data<T>();
  for (size_t i = 0; i < values.size(); ++i) out[i] = values[i];
  return tensor;
}

}  // namespace shrike
