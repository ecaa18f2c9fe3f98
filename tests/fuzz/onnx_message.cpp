#include "onnx_message.h"

#include <protozero/exception.hpp>
#include <protozero/pbf_writer.hpp>

namespace shrike::fuzz {

namespace {

using Writer = protozero::pbf_writer;
using onnx::AttributeType;

void add(Writer& writer, uint32_t tag, std::string_view text) {
  writer.add_bytes(tag, text.data(), text.size());
}

std::string encode(const onnx::Attribute& attribute) {
  namespace tag = onnx::attribute;
  std::string out;
  Writer writer(out);
  add(writer, tag::kName, attribute.name);
  writer.add_enum(tag::kType, static_cast<int32_t>(attribute.type));
  if (attribute.type == AttributeType::kInt) writer.add_int64(tag::kInt, attribute.i);
  if (attribute.type == AttributeType::kFloat) writer.add_float(tag::kFloat, attribute.f);
  if (attribute.type == AttributeType::kString) add(writer, tag::kString, attribute.s);
  if (attribute.type == AttributeType::kTensor) add(writer, tag::kTensor, attribute.tensor);
  for (const int64_t value : attribute.ints) writer.add_int64(tag::kInts, value);
  for (const float value : attribute.floats) writer.add_float(tag::kFloats, value);
  return out;
}

std::string encode(const onnx::NodeProto& node) {
  namespace tag = onnx::node;
  std::string out;
  Writer writer(out);
  for (const std::string_view name : node.inputs) add(writer, tag::kInput, name);
  for (const std::string_view name : node.outputs) add(writer, tag::kOutput, name);
  add(writer, tag::kName, node.name);
  add(writer, tag::kOpType, node.op_type);
  if (!node.domain.empty()) add(writer, tag::kDomain, node.domain);
  for (const onnx::Attribute& attribute : node.attributes)
    writer.add_message(tag::kAttribute, encode(attribute));
  return out;
}

std::string encode(const std::vector<onnx::Dimension>& dims) {
  std::string out;
  Writer writer(out);
  for (const onnx::Dimension& dim : dims) {
    std::string inner;
    Writer extent(inner);
    if (dim.value != -1) extent.add_int64(onnx::dimension::kValue, dim.value);
    if (!dim.param.empty()) add(extent, onnx::dimension::kParam, dim.param);
    writer.add_message(onnx::shape::kDim, inner);
  }
  return out;
}

std::string encode(const onnx::ValueInfo& info) {
  std::string out, type, tensor;
  Writer writer(out);
  add(writer, onnx::value_info::kName, info.name);
  if (!info.is_tensor) return out;
  Writer inner(tensor);
  inner.add_int64(onnx::tensor_type::kElementType, info.element_type);
  if (info.dims) inner.add_message(onnx::tensor_type::kShape, encode(*info.dims));
  Writer(type).add_message(onnx::type::kTensor, tensor);
  writer.add_message(onnx::value_info::kType, type);
  return out;
}

std::string encode(const onnx::Entry& entry) {
  std::string out;
  Writer writer(out);
  add(writer, onnx::entry::kKey, entry.key);
  add(writer, onnx::entry::kValue, entry.value);
  return out;
}

std::string encode(const onnx::TensorProto& tensor) {
  namespace tag = onnx::tensor;
  std::string out;
  Writer writer(out);
  for (const int64_t dim : tensor.dims) writer.add_int64(tag::kDims, dim);
  writer.add_int64(tag::kDataType, tensor.data_type);
  add(writer, tag::kName, tensor.name);
  if (tensor.raw) add(writer, tag::kRawData, *tensor.raw);
  for (const float value : tensor.floats) writer.add_float(tag::kFloatData, value);
  for (const double value : tensor.doubles) writer.add_double(tag::kDoubleData, value);
  for (const int64_t value : tensor.int32s) writer.add_int64(tag::kInt32Data, value);
  for (const int64_t value : tensor.int64s) writer.add_int64(tag::kInt64Data, value);
  for (const onnx::Entry& entry : tensor.external)
    writer.add_message(tag::kExternalData, encode(entry));
  if (tensor.is_external) writer.add_int64(tag::kDataLocation, onnx::kLocationExternal);
  return out;
}

std::string encode(const Initializer& initializer) {
  if (const auto* bytes = std::get_if<std::string_view>(&initializer)) return std::string(*bytes);
  return encode(std::get<onnx::TensorProto>(initializer));
}

std::string encode(const onnx::GraphProto& graph, const std::vector<Initializer>& initializers) {
  namespace tag = onnx::graph;
  std::string out;
  Writer writer(out);
  for (const onnx::NodeProto& node : graph.nodes) writer.add_message(tag::kNode, encode(node));
  add(writer, tag::kName, graph.name);
  for (const Initializer& one : initializers) writer.add_message(tag::kInitializer, encode(one));
  for (const onnx::ValueInfo& info : graph.inputs) writer.add_message(tag::kInput, encode(info));
  for (const onnx::ValueInfo& info : graph.outputs) writer.add_message(tag::kOutput, encode(info));
  return out;
}

}  // namespace

OnnxMessage decode_onnx(std::string_view bytes) {
  OnnxMessage message{onnx::decode_model(bytes), {}};
  if (!message.model.graph) return message;
  for (const std::string_view one : message.model.graph->initializers) {
    try {
      message.initializers.emplace_back(onnx::decode_tensor(one));
    } catch (const protozero::exception&) {
      message.initializers.emplace_back(one);
    }
  }
  return message;
}

std::string encode_onnx(const OnnxMessage& message) {
  namespace tag = onnx::model;
  std::string out, set;
  Writer writer(out);
  writer.add_int64(tag::kIrVersion, 8);
  if (message.model.opset) {
    Writer(set).add_int64(onnx::opset_id::kVersion, *message.model.opset);
    writer.add_message(tag::kOpsetImport, set);
  }
  for (const onnx::Entry& entry : message.model.metadata)
    writer.add_message(tag::kMetadata, encode(entry));
  if (message.model.graph)
    writer.add_message(tag::kGraph, encode(*message.model.graph, message.initializers));
  return out;
}

}  // namespace shrike::fuzz
