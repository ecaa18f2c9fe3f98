// TensorProto to Tensor.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/tensor.h"
#include "formats/onnx/external_data.h"
#include "formats/onnx/tensor_proto.h"

namespace shrike::onnx {

struct NamedTensor {
  std::string_view name;
  Tensor tensor;
};

class TensorReader {
 public:
  // Tensors borrow of the bytes given to read(), which are part of `file`; null: they copy.
  TensorReader(std::shared_ptr<const MappedFile> file, std::filesystem::path folder)
      : file_(std::move(file)), external_(std::move(folder)) {}

  // The bytes of a TensorProto: data raw, in typed fields, or external; bfloat16 becomes f32.
  // Errors (kModel) name the tensor: an element type not supported, data that is not exactly what
  // the shape needs. Throws protozero::exception on malformed bytes.
  //
  // A few bytes can name a large external range, many times over: tensors of one range and type
  // share their memory, and ranges that must be copied (misaligned, bfloat16) or looked at byte by
  // byte (bool), and overlap so much that this would outgrow their file, are an error.
  Result<NamedTensor> read(std::string_view message);

  std::vector<std::filesystem::path> external_files() const { return external_.files(); }

 private:
  Result<Tensor> read_tensor(const TensorProto& proto);
  Result<Tensor> read_external(const TensorProto& proto, DType stored, const Shape& shape);
  Result<void> count_work(const ExternalRange& range);

  std::shared_ptr<const MappedFile> file_;
  ExternalData external_;
  // By place, size and data_type: the tensors made of external ranges.
  std::map<std::tuple<const std::byte*, size_t, int64_t>, Tensor> made_;
  std::map<const MappedFile*, size_t> worked_;  // bytes of each file copied or looked at
};

}  // namespace shrike::onnx
