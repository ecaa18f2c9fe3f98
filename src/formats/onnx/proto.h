// ONNX's messages as plain structs of views into the file's bytes, which must outlive them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/schema.h"

namespace shrike::onnx {

struct Attribute {
  std::string_view name;
  AttributeType type = AttributeType::kUndefined;
  int64_t i = 0;
  float f = 0;
  std::string_view s;
  std::string_view tensor;  // bytes of a TensorProto
  std::vector<int64_t> ints;
  std::vector<float> floats;
};

struct NodeProto {
  std::string_view name, op_type, domain;
  std::vector<std::string_view> inputs, outputs;
  std::vector<Attribute> attributes;
};

struct Dimension {
  int64_t value = -1;  // -1: not given
  std::string_view param;
};

struct ValueInfo {
  std::string_view name;
  bool is_tensor = false;
  int64_t element_type = 0;
  std::optional<std::vector<Dimension>> dims;
};

struct GraphProto {
  std::string_view name;
  std::vector<NodeProto> nodes;
  std::vector<std::string_view> initializers;  // bytes of TensorProtos
  std::vector<ValueInfo> inputs, outputs;
  bool sparse = false;  // has sparse initialisers
};

struct Entry {
  std::string_view key, value;
};

struct ModelProto {
  std::optional<int64_t> opset;  // of the ONNX domain
  std::vector<Entry> metadata;
  std::optional<GraphProto> graph;
};

// These throw protozero::exception on malformed bytes.
ModelProto decode_model(std::string_view bytes);
Entry decode_entry(std::string_view bytes);

// "" and "ai.onnx" are the same domain.
bool is_onnx_domain(std::string_view domain);

}  // namespace shrike::onnx
