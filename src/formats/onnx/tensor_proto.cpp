#include "formats/onnx/tensor_proto.h"

#include <cstring>
#include <utility>

#include "formats/onnx/wire.h"

namespace shrike::onnx {

TensorProto decode_tensor(std::string_view bytes) {
  Message message(bytes);
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

std::string_view decode_tensor_name(std::string_view bytes) {
  std::string_view name;
  for (Message message(bytes); message.next();) {
    if (message.tag() == tensor::kName)
      name = message.text();
    else
      message.skip();
  }
  return name;
}

namespace {

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

}  // namespace

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

}  // namespace shrike::onnx
