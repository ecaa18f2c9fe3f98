// ONNX models made by hand for tests: any operator set, any node, right or wrong.
#pragma once

#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "formats/onnx/encode.h"
#include "formats/onnx/schema.h"
#include "formats/onnx_reader.h"

namespace shrike::onnx {

class TestModel {
 public:
  explicit TestModel(int opset) : opset_(opset) {}

  TestModel& input(const std::string& name, Shape shape, DType dtype = DType::kF32) {
    return info(graph::kInput, name, std::move(shape), dtype);
  }
  TestModel& input(const Value& value) {
    Writer writer(graph_);
    encode_value_info(writer, graph::kInput, value);
    return *this;
  }
  TestModel& output(const std::string& name, Shape shape = {}, DType dtype = DType::kF32) {
    return info(graph::kOutput, name, std::move(shape), dtype);
  }
  TestModel& constant(const std::string& name, const Tensor& tensor) {
    Writer writer(graph_);
    encode_tensor(writer, graph::kInitializer, name, tensor);
    return *this;
  }
  // An initialiser given by the bytes of its TensorProto.
  TestModel& tensor_bytes(const std::string& bytes) {
    return graph_bytes(graph::kInitializer, bytes);
  }
  TestModel& node(const OutNode& node) {
    Writer writer(graph_);
    encode_node(writer, graph::kNode, node);
    return *this;
  }
  // The usual node: named as its operator in lower case, "x" in, "y" out.
  TestModel& node(const std::string& op, std::vector<std::string> inputs = {"x"},
                  std::vector<OutAttribute> attributes = {},
                  std::vector<std::string> outputs = {"y"}) {
    return node(
        OutNode{op, "the_" + op, std::move(inputs), std::move(outputs), std::move(attributes)});
  }
  TestModel& graph_bytes(uint32_t tag, const std::string& bytes) {
    Writer writer(graph_);
    writer.add_message(tag, bytes);
    return *this;
  }

  std::string bytes() const {
    std::string out;
    Writer writer(out);
    writer.add_int64(model::kIrVersion, 8);
    std::string set;
    Writer(set).add_int64(opset_id::kVersion, opset_);
    writer.add_message(model::kOpsetImport, set);
    writer.add_message(model::kGraph, graph_);
    return out;
  }
  Result<Graph> read(const std::filesystem::path& folder = {}) const {
    const std::string all = bytes();
    return read_onnx(std::as_bytes(std::span(all)), nullptr, "test.onnx", folder);
  }
  // "" when it reads well.
  std::string error(const std::filesystem::path& folder = {}) const {
    const Result<Graph> graph = read(folder);
    return graph ? "" : graph.error().message;
  }

 private:
  using Writer = protozero::pbf_writer;

  TestModel& info(uint32_t tag, const std::string& name, Shape shape, DType dtype) {
    Value value;
    value.name = name;
    value.dtype = dtype;
    value.shape = std::move(shape);
    Writer writer(graph_);
    encode_value_info(writer, tag, value);
    return *this;
  }

  int opset_;
  std::string graph_;
};

inline Tensor int64s(const std::vector<int64_t>& values) {
  return Tensor::from<int64_t>(Shape{static_cast<int64_t>(values.size())}, values);
}
inline Tensor floats(const std::vector<float>& values) {
  return Tensor::from<float>(Shape{static_cast<int64_t>(values.size())}, values);
}

}  // namespace shrike::onnx
