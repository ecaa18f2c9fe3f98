#include "base/tensor.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/memory.h"

namespace shrike {

namespace {

struct Block {
  Block(void* bytes, MemoryClaim claimed) : raw(bytes), claim(std::move(claimed)) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { std::free(raw); }
  void* raw;
  MemoryClaim claim;
};

}  // namespace

// Throws std::bad_alloc where the machine, or the limit of memory.h, has not that many bytes.
std::shared_ptr<std::byte> allocate_aligned(size_t bytes, Fill fill) {
  if (bytes > SIZE_MAX - 2 * kTensorAlignment) throw std::bad_alloc();
  const size_t whole = align_up(bytes) + kTensorAlignment;
  MemoryClaim claim;
  if (!claim.take(whole)) throw std::bad_alloc();
  // calloc hands out zeroed pages without touching them; large blocks are placed by hand.
  void* raw = fill == Fill::kZero ? std::calloc(1, whole) : std::malloc(whole);
  if (!raw) throw std::bad_alloc();
  std::shared_ptr<Block> block;
  try {
    block = std::make_shared<Block>(raw, std::move(claim));
  } catch (...) {
    std::free(raw);
    throw;
  }
  const uintptr_t aligned = align_up(reinterpret_cast<uintptr_t>(raw));
  return {block, reinterpret_cast<std::byte*>(aligned)};
}

namespace {

size_t bytes_of(DType dtype, const Shape& shape) {
  const std::optional<int64_t> count = shape.element_count();
  assert(count && dtype_size(dtype) > 0);
  return static_cast<size_t>(*count) * dtype_size(dtype);
}

// What make() returns, where the type and the shape allow it and there is the memory.
template <typename Make>
Result<Tensor> checked(DType dtype, const Shape& shape, const Make& make) {
  if (dtype_size(dtype) == 0) return model_error("a tensor of an element type not supported");
  if (!shape.element_count())
    return model_error("a tensor of shape " + to_string(shape) + " cannot be held");
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return out_of_memory("a tensor of shape " + to_string(shape));
  }
}

}  // namespace

Tensor::Tensor(DType dtype, Shape shape)
    : Tensor(dtype, shape, allocate_aligned(bytes_of(dtype, shape))) {}

Tensor::Tensor(DType dtype, Shape shape, std::shared_ptr<std::byte> bytes)
    : dtype_(dtype),
      shape_(std::move(shape)),
      count_(*shape_.element_count()),
      data_(bytes.get()),
      owner_(std::move(bytes)) {}

Result<Tensor> Tensor::make(DType dtype, Shape shape) {
  return checked(dtype, shape, [&] { return Tensor(dtype, shape); });
}

Result<Tensor> Tensor::make_unfilled(DType dtype, Shape shape) {
  return checked(dtype, shape, [&] {
    return Tensor(dtype, shape, allocate_aligned(bytes_of(dtype, shape), Fill::kNothing));
  });
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
