#include "formats/onnx/tensor_reader.h"

#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "formats/onnx/proto.h"
#include "formats/onnx/wire.h"

namespace shrike::onnx {

namespace {

struct TensorProto {
  std::string_view name;
  std::vector<int64_t> dims;
  int64_t data_type = 0;
  std::optional<std::string_view> raw;
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<int64_t> int32s, int64s;
  std::vector<Entry> external;
  bool is_external = false;
  bool unsupported = false;  // segments, strings, uint64
};

TensorProto decode(Message message) {
  TensorProto out;
  while (message.next()) {
    switch (message.tag()) {
      case tensor::kDims:
        message.append(out.dims);
        break;
      case tensor::kDataType:
        out.data_type = message.integer();
        break;
      case tensor::kFloatData:
        message.append(out.floats);
        break;
      case tensor::kInt32Data:
        message.append(out.int32s);
        break;
      case tensor::kInt64Data:
        message.append(out.int64s);
        break;
      case tensor::kDoubleData:
        message.append(out.doubles);
        break;
      case tensor::kName:
        out.name = message.text();
        break;
      case tensor::kRawData:
        out.raw = message.text();
        break;
      case tensor::kExternalData:
        out.external.push_back(decode_entry(message.text()));
        break;
      case tensor::kDataLocation:
        out.is_external = message.integer() == kLocationExternal;
        break;
      case tensor::kSegment:
      case tensor::kStringData:
      case tensor::kUint64Data:
        out.unsupported = true;
        message.skip();
        break;
      default:
        message.skip();
    }
  }
  return out;
}

// Values that a typed field holds in a wider type. An error unless each fits and all are there.
template <typename To, typename From>
Result<Tensor> narrow(DType dtype, const Shape& shape, const std::vector<From>& values) {
  if (shape.element_count() != static_cast<int64_t>(values.size()))
    return model_error("shape " + to_string(shape) + " with " + std::to_string(values.size()) +
                       " elements");
  SHRIKE_ASSIGN(Tensor tensor, Tensor::make(dtype, shape));
  std::byte* out = tensor.mutable_bytes().data();
  for (size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::is_integral_v<To> && !std::is_same_v<To, From>) {
      if (!std::in_range<To>(values[i]))
        return model_error("an element is out of its type's range");
    }
    const To value = static_cast<To>(values[i]);
    std::memcpy(out + i * sizeof(To), &value, sizeof(To));
  }
  return tensor;
}

Result<Tensor> from_typed_fields(const TensorProto& proto, DType dtype, const Shape& shape) {
  switch (dtype) {
    case DType::kF32:
      return narrow<float>(dtype, shape, proto.floats);
    case DType::kF64:
      return narrow<double>(dtype, shape, proto.doubles);
    case DType::kI64:
      return narrow<int64_t>(dtype, shape, proto.int64s);
    case DType::kI32:
      return narrow<int32_t>(dtype, shape, proto.int32s);
    case DType::kI16:
      return narrow<int16_t>(dtype, shape, proto.int32s);
    case DType::kI8:
      return narrow<int8_t>(dtype, shape, proto.int32s);
    case DType::kF16:
    case DType::kU16:
      return narrow<uint16_t>(dtype, shape, proto.int32s);
    case DType::kU8:
    case DType::kBool:
      return narrow<uint8_t>(dtype, shape, proto.int32s);
    case DType::kUndefined:
      break;
  }
  return model_error("element type not supported");
}

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

Result<Tensor> from_bytes(DType dtype, const Shape& shape, std::span<const std::byte> bytes,
                          const std::shared_ptr<const void>& owner) {
  SHRIKE_ASSIGN(Tensor tensor, Tensor::borrow(dtype, shape, bytes, owner));
  if (owner || tensor.empty()) return checked_bools(std::move(tensor));
  SHRIKE_ASSIGN(Tensor copy, Tensor::make(dtype, shape));
  std::memcpy(copy.mutable_bytes().data(), bytes.data(), bytes.size());
  return checked_bools(std::move(copy));
}

Result<Tensor> make_tensor(const TensorProto& proto, const std::shared_ptr<const void>& owner,
                           ExternalData& external) {
  const bool bfloat = proto.data_type == kBfloat16;
  const DType dtype = bfloat ? DType::kU16
                      : proto.data_type > 0 && proto.data_type < kBfloat16
                          ? static_cast<DType>(proto.data_type)
                          : DType::kUndefined;
  if (proto.unsupported || !find_dtype(dtype))
    return model_error("element type " + std::to_string(proto.data_type) + " is not supported");
  const Shape shape(proto.dims);
  const std::optional<int64_t> count = shape.element_count();
  if (!count || shape.rank() > kMaxRank)
    return model_error("a shape of " + std::to_string(shape.rank()) +
                       " axes that is negative or too large");

  const auto finish = [&](Result<Tensor> tensor) {
    return tensor && bfloat ? widen_bfloat16(*tensor) : tensor;
  };
  if (proto.is_external) {
    const uint64_t needed = static_cast<uint64_t>(*count) * dtype_size(dtype);
    SHRIKE_ASSIGN(const ExternalRange range, external_range(proto, needed, external));
    return finish(from_bytes(dtype, shape, range.bytes, range.file));
  }
  if (proto.raw)
    return finish(from_bytes(dtype, shape, std::as_bytes(std::span(*proto.raw)), owner));
  SHRIKE_ASSIGN(Tensor tensor, from_typed_fields(proto, dtype, shape));
  return finish(checked_bools(std::move(tensor)));
}

}  // namespace

Result<NamedTensor> TensorReader::read(std::string_view message) {
  const TensorProto proto = decode(Message(message));
  Result<Tensor> tensor = make_tensor(proto, owner_, external_);
  if (!tensor) return in_context("tensor '" + std::string(proto.name) + "'", tensor.error());
  return NamedTensor{proto.name, *std::move(tensor)};
}

}  // namespace shrike::onnx
