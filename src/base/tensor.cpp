#include "base/tensor.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace shrike {

std::shared_ptr<std::byte> allocate_aligned(size_t bytes) {
  // calloc hands out zeroed pages without touching them; large blocks are placed by hand.
  void* raw = std::calloc(1, align_up(bytes) + kTensorAlignment);
  if (!raw) throw std::bad_alloc();
  const uintptr_t aligned = align_up(reinterpret_cast<uintptr_t>(raw));
  return {reinterpret_cast<std::byte*>(aligned), [raw](std::byte*) { std::free(raw); }};
}

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)) {
  const std::optional<int64_t> count = shape_.element_count();
  assert(count && dtype_size(dtype_) > 0);
  count_ = *count;
  std::shared_ptr<std::byte> bytes = allocate_aligned(byte_size());
  data_ = bytes.get();
  owner_ = std::move(bytes);
}

Result<Tensor> Tensor::make(DType dtype, Shape shape) {
  if (dtype_size(dtype) == 0) return model_error("a tensor of an element type not supported");
  if (!shape.element_count())
    return model_error("a tensor of shape " + to_string(shape) + " cannot be held");
  try {
    return Tensor(dtype, shape);
  } catch (const std::bad_alloc&) {
    return runtime_error("not enough memory for a tensor of shape " + to_string(shape));
  }
}

Result<Tensor> Tensor::borrow(DType dtype, Shape shape, std::span<const std::byte> bytes,
                              std::shared_ptr<const void> owner) {
  const std::optional<int64_t> count = shape.element_count();
  const size_t size = dtype_size(dtype);
  if (size == 0) return model_error("a tensor of an element type not supported");
  if (!count || static_cast<size_t>(*count) != bytes.size() / size || bytes.size() % size != 0)
    return model_error("a tensor of shape " + to_string(shape) + " and type " +
                       std::string(dtype_name(dtype)) + " comes with " +
                       std::to_string(bytes.size()) + " bytes");
  if (reinterpret_cast<uintptr_t>(bytes.data()) % size != 0 || bytes.empty()) {
    SHRIKE_ASSIGN(Tensor copy, make(dtype, std::move(shape)));
    if (!bytes.empty()) std::memcpy(copy.mutable_bytes().data(), bytes.data(), bytes.size());
    return copy;
  }
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.count_ = *count;
  tensor.data_ = bytes.data();
  tensor.owner_ = std::move(owner);
  return tensor;
}

Tensor Tensor::reshaped(Shape shape) const {
  assert(shape.element_count() == count_);
  Tensor tensor = *this;
  tensor.shape_ = std::move(shape);
  return tensor;
}

bool Tensor::operator==(const Tensor& other) const {
  return dtype_ == other.dtype_ && shape_ == other.shape_ &&
         (count_ == 0 || std::memcmp(data_, other.data_, byte_size()) == 0);
}

}  // namespace shrike
