#include "formats/onnx/encode.h"

#include "formats/onnx/schema.h"

namespace shrike::onnx {

namespace {

using Writer = protozero::pbf_writer;

void add_text(Writer& writer, uint32_t tag, std::string_view text) {
  writer.add_bytes(tag, text.data(), text.size());
}

class AttributeEncoder {
 public:
  explicit AttributeEncoder(Writer& writer) : writer_(writer) {}

  void operator()(int64_t value) {
    writer_.add_int64(attribute::kInt, value);
    type(AttributeType::kInt);
  }
  void operator()(float value) {
    writer_.add_float(attribute::kFloat, value);
    type(AttributeType::kFloat);
  }
  void operator()(const std::string& value) {
    add_text(writer_, attribute::kString, value);
    type(AttributeType::kString);
  }
  void operator()(const std::vector<int64_t>& values) {
    for (const int64_t value : values) writer_.add_int64(attribute::kInts, value);
    type(AttributeType::kInts);
  }
  void operator()(const std::vector<float>& values) {
    for (const float value : values) writer_.add_float(attribute::kFloats, value);
    type(AttributeType::kFloats);
  }
  void operator()(const Tensor& tensor) {
    encode_tensor(writer_, attribute::kTensor, "", tensor);
    type(AttributeType::kTensor);
  }

 private:
  void type(AttributeType type) { writer_.add_enum(attribute::kType, static_cast<int32_t>(type)); }
  Writer& writer_;
};

}  // namespace

void encode_node(Writer& parent, uint32_t tag, const OutNode& node) {
  Writer writer(parent, tag);
  for (const std::string& input : node.inputs) add_text(writer, node::kInput, input);
  for (const std::string& output : node.outputs) add_text(writer, node::kOutput, output);
  if (!node.name.empty()) add_text(writer, node::kName, node.name);
  add_text(writer, node::kOpType, node.op);
  for (const OutAttribute& attribute : node.attributes) {
    Writer inner(writer, node::kAttribute);
    add_text(inner, attribute::kName, attribute.name);
    std::visit(AttributeEncoder(inner), attribute.value);
  }
}

void encode_tensor(Writer& parent, uint32_t tag, std::string_view name, const Tensor& tensor) {
  Writer writer(parent, tag);
  for (const int64_t dim : tensor.shape()) writer.add_int64(tensor::kDims, dim);
  writer.add_int32(tensor::kDataType, static_cast<int32_t>(tensor.dtype()));
  if (!name.empty()) add_text(writer, tensor::kName, name);
  const std::span<const std::byte> bytes = tensor.bytes();
  writer.add_bytes(tensor::kRawData, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void encode_value_info(Writer& parent, uint32_t tag, const Value& value) {
  Writer writer(parent, tag);
  add_text(writer, value_info::kName, value.name);
  Writer type(writer, value_info::kType);
  Writer tensor(type, type::kTensor);
  tensor.add_int32(tensor_type::kElementType, static_cast<int32_t>(value.dtype));
  if (!value.shape) return;
  // Messages with nothing in them (an unknown extent, a scalar's shape) mean something here, and a
  // nested writer would leave them out.
  std::string dims;
  Writer shape(dims);
  for (int i = 0; i < value.shape->rank(); ++i) {
    const auto axis = static_cast<size_t>(i);
    std::string extent;
    Writer dim(extent);
    if ((*value.shape)[i] != kDynamic)
      dim.add_int64(dimension::kValue, (*value.shape)[i]);
    else if (axis < value.symbols.size() && !value.symbols[axis].empty())
      add_text(dim, dimension::kParam, value.symbols[axis]);
    shape.add_message(shape::kDim, extent);
  }
  tensor.add_message(tensor_type::kShape, dims);
}

void encode_entry(Writer& parent, uint32_t tag, std::string_view key, std::string_view value) {
  Writer writer(parent, tag);
  add_text(writer, entry::kKey, key);
  add_text(writer, entry::kValue, value);
}

}  // namespace shrike::onnx
