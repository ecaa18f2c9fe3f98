#include "train/tensors.h"

#include <ATen/ATen.h>

#include <cassert>
#include <cstring>
#include <string>

namespace shrike::train {

namespace {

struct TypePair {
  DType ours;
  at::ScalarType theirs;
};

constexpr TypePair kTypes[] = {
    {DType::kF32, at::kFloat}, {DType::kF64, at::kDouble}, {DType::kF16, at::kHalf},
    {DType::kI64, at::kLong},  {DType::kI32, at::kInt},    {DType::kI16, at::kShort},
    {DType::kI8, at::kChar},   {DType::kU8, at::kByte},    {DType::kBool, at::kBool},
};

}  // namespace

std::optional<at::ScalarType> scalar_type(DType dtype) {
  for (const TypePair& pair : kTypes)
    if (pair.ours == dtype) return pair.theirs;
  return std::nullopt;
}

Result<at::Tensor> to_torch(const Tensor& tensor) {
  const std::optional<at::ScalarType> type = scalar_type(tensor.dtype());
  if (!type)
    return model_error("LibTorch has no elements of type " +
                       std::string(dtype_name(tensor.dtype())));
  at::Tensor copy = at::empty(tensor.shape().dims(), at::TensorOptions(*type));
  if (!tensor.empty()) std::memcpy(copy.data_ptr(), tensor.bytes().data(), tensor.byte_size());
  return copy;
}

Tensor from_torch(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().cpu().contiguous();
  DType dtype = DType::kUndefined;
  for (const TypePair& pair : kTypes)
    if (pair.theirs == plain.scalar_type()) dtype = pair.ours;
  assert(dtype != DType::kUndefined);
  Tensor copy(dtype, Shape(plain.sizes().vec()));
  if (!copy.empty()) std::memcpy(copy.mutable_bytes().data(), plain.data_ptr(), copy.byte_size());
  return copy;
}

}  // namespace shrike::train
