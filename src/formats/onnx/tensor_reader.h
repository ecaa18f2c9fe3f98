// TensorProto to Tensor.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/tensor.h"
#include "formats/onnx/external_data.h"

namespace shrike::onnx {

struct NamedTensor {
  std::string_view name;
  Tensor tensor;
};

class TensorReader {
 public:
  // Tensors borrow of the bytes given to read() while `owner` keeps those alive; null: they copy.
  TensorReader(std::shared_ptr<const void> owner, std::filesystem::path folder)
      : owner_(std::move(owner)), external_(std::move(folder)) {}

  // The bytes of a TensorProto: data raw, in typed fields, or external; bfloat16 becomes f32.
  // Errors (kModel) name the tensor: an element type not supported, data that is not exactly what
  // the shape needs. Throws protozero::exception on malformed bytes.
  Result<NamedTensor> read(std::string_view message);

 private:
  std::shared_ptr<const void> owner_;
  ExternalData external_;
};

}  // namespace shrike::onnx
