#include "formats/onnx/tensor_reader.h"

#include <charconv>
#include <cstring>

#include "base/excerpt.h"
#include "base/mapped_part.h"
#include "ir/limits.h"

namespace shrike::onnx {

namespace {

// A bfloat16 is the upper half of a float.
Result<Tensor> widen_bfloat16(const Tensor& halves) {
  SHRIKE_ASSIGN(Tensor out, Tensor::make(DType::kF32, halves.shape()));
  const std::span<const uint16_t> from = halves.data<uint16_t>();
  const std::span<float> to = out.mutable_data<float>();
  for (size_t i = 0; i < from.size(); ++i) {
    const uint32_t bits = static_cast<uint32_t>(from[i]) << 16;
    std::memcpy(&to[i], &bits, sizeof bits);
  }
  return out;
}

// A file may hold any byte where a bool should be; the program counts on 0 and 1.
Result<Tensor> checked_bools(Tensor tensor) {
  if (tensor.dtype() == DType::kBool)
    for (const std::byte b : tensor.bytes())
      if (b > std::byte{1}) return model_error("a bool that is neither 0 nor 1");
  return tensor;
}

std::optional<uint64_t> parse_unsigned(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<ExternalRange> external_range(const TensorProto& proto, uint64_t needed,
                                     ExternalData& external) {
  std::string_view location;
  std::optional<uint64_t> offset = 0, length = needed;
  for (const Entry& entry : proto.external) {
    if (entry.key == "location") location = entry.value;
    if (entry.key == "offset") offset = parse_unsigned(entry.value);
    if (entry.key == "length") length = parse_unsigned(entry.value);
  }
  if (!offset || !length) return model_error("external offset or length is not a number");
  if (*length != needed)
    return model_error("external length " + std::to_string(*length) + " where the shape needs " +
                       std::to_string(needed) + " bytes");
  return external.read(location, *offset, needed);
}

// Of what is copied, the file's own pages are given back at once.
Result<Tensor> from_bytes(DType dtype, const Shape& shape, std::span<const std::byte> bytes,
                          const std::shared_ptr<const MappedFile>& file) {
  SHRIKE_ASSIGN(Tensor tensor,
                Tensor::borrow(dtype, shape, bytes, file ? share_part(file, bytes) : nullptr));
  if (file || tensor.empty()) return checked_bools(std::move(tensor));
  SHRIKE_ASSIGN(Tensor copy, Tensor::make(dtype, shape));
  std::memcpy(copy.mutable_bytes().data(), bytes.data(), bytes.size());
  return checked_bools(std::move(copy));
}

// bfloat16 is read as its bits, then widened.
DType stored_type(const TensorProto& proto) {
  if (proto.data_type == kBfloat16) return DType::kU16;
  const bool in_range = proto.data_type > 0 && proto.data_type < kBfloat16;
  return in_range ? static_cast<DType>(proto.data_type) : DType::kUndefined;
}

Result<Tensor> as_declared(const TensorProto& proto, Result<Tensor> stored) {
  return stored && proto.data_type == kBfloat16 ? widen_bfloat16(*stored) : stored;
}

}  // namespace

Result<void> TensorReader::count_work(const ExternalRange& range) {
  size_t& worked = worked_[range.file.get()];
  if (range.bytes.size() > range.file->bytes().size() - worked)
    return model_error("external ranges that are misaligned, bfloat16 or bool, and overlap");
  worked += range.bytes.size();
  return {};
}

Result<Tensor> TensorReader::read_external(const TensorProto& proto, DType stored,
                                           const Shape& shape) {
  const uint64_t needed =
      static_cast<uint64_t>(shape.element_count().value_or(0)) * dtype_size(stored);
  SHRIKE_ASSIGN(const ExternalRange range, external_range(proto, needed, external_));
  const std::tuple key(range.bytes.data(), range.bytes.size(), proto.data_type);
  if (const auto found = made_.find(key); found != made_.end())
    return found->second.reshaped(shape);
  const bool aligned = reinterpret_cast<uintptr_t>(range.bytes.data()) % dtype_size(stored) == 0;
  const bool borrowed = aligned && proto.data_type != kBfloat16;
  if (!borrowed || stored == DType::kBool) SHRIKE_TRY(count_work(range));
  SHRIKE_ASSIGN(Tensor tensor,
                as_declared(proto, from_bytes(stored, shape, range.bytes, range.file)));
  made_.emplace(key, tensor);
  return tensor;
}

Result<Tensor> TensorReader::read_tensor(const TensorProto& proto) {
  const DType stored = stored_type(proto);
  if (proto.unsupported || !find_dtype(stored))
    return model_error("element type " + std::to_string(proto.data_type) + " is not supported");
  const Shape shape(proto.dims);
  if (!shape.is_static() || !within_limits(shape))
    return model_error("a shape of " + std::to_string(shape.rank()) +
                       " axes that is negative or too large");
  if (proto.is_external) return read_external(proto, stored, shape);
  if (proto.raw)
    return as_declared(proto,
                       from_bytes(stored, shape, std::as_bytes(std::span(*proto.raw)), file_));
  SHRIKE_ASSIGN(Tensor tensor, from_typed_fields(proto, stored, shape));
  return as_declared(proto, checked_bools(std::move(tensor)));
}

Result<NamedTensor> TensorReader::read(std::string_view message) {
  const TensorProto proto = decode_tensor(message);
  Result<Tensor> tensor = read_tensor(proto);
  if (!tensor) return in_context("tensor " + in_quotes(proto.name), tensor.error());
  return NamedTensor{proto.name, *std::move(tensor)};
}

}  // namespace shrike::onnx
