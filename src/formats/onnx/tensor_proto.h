// ONNX's TensorProto as a plain struct, and the elements that it holds in typed fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "formats/onnx/proto.h"

namespace shrike::onnx {

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

// Both throw protozero::exception on malformed bytes.
TensorProto decode_tensor(std::string_view message);
// The name alone, without a look at the data.
std::string_view decode_tensor_name(std::string_view message);

// The elements of the one field that ONNX has for the type. An error unless there are exactly as
// many as the shape needs, each within its type's range.
Result<Tensor> from_typed_fields(const TensorProto& proto, DType dtype, const Shape& shape);

}  // namespace shrike::onnx
