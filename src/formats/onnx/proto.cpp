#include "formats/onnx/proto.h"

#include "formats/onnx/wire.h"

namespace shrike::onnx {

namespace {

Attribute decode_attribute(Message message) {
  Attribute out;
  while (message.next()) {
    switch (message.tag()) {
      case attribute::kName:
        out.name = message.text();
        break;
      case attribute::kFloat:
        out.f = message.real();
        break;
      case attribute::kInt:
        out.i = message.integer();
        break;
      case attribute::kString:
        out.s = message.text();
        break;
      case attribute::kTensor:
        out.tensor = message.text();
        break;
      case attribute::kFloats:
        message.append(out.floats);
        break;
      case attribute::kInts:
        message.append(out.ints);
        break;
      case attribute::kType:
        out.type = static_cast<AttributeType>(message.integer());
        break;
      default:
        message.skip();
    }
  }
  return out;
}

NodeProto decode_node(Message message) {
  NodeProto out;
  while (message.next()) {
    switch (message.tag()) {
      case node::kInput:
        out.inputs.push_back(message.text());
        break;
      case node::kOutput:
        out.outputs.push_back(message.text());
        break;
      case node::kName:
        out.name = message.text();
        break;
      case node::kOpType:
        out.op_type = message.text();
        break;
      case node::kDomain:
        out.domain = message.text();
        break;
      case node::kAttribute:
        out.attributes.push_back(decode_attribute(message.message()));
        break;
      default:
        message.skip();
    }
  }
  return out;
}

Dimension decode_dimension(Message message) {
  Dimension out;
  while (message.next()) {
    switch (message.tag()) {
      case dimension::kValue:
        out.value = message.integer();
        break;
      case dimension::kParam:
        out.param = message.text();
        break;
      default:
        message.skip();
    }
  }
  return out;
}

std::vector<Dimension> decode_shape(Message message) {
  std::vector<Dimension> out;
  while (message.next()) {
    if (message.tag() == shape::kDim)
      out.push_back(decode_dimension(message.message()));
    else
      message.skip();
  }
  return out;
}

void decode_tensor_type(Message message, ValueInfo& out) {
  out.is_tensor = true;
  while (message.next()) {
    switch (message.tag()) {
      case tensor_type::kElementType:
        out.element_type = message.integer();
        break;
      case tensor_type::kShape:
        out.dims = decode_shape(message.message());
        break;
      default:
        message.skip();
    }
  }
}

ValueInfo decode_value_info(Message message) {
  ValueInfo out;
  while (message.next()) {
    if (message.tag() == value_info::kName) {
      out.name = message.text();
    } else if (message.tag() == value_info::kType) {
      Message types = message.message();
      while (types.next()) {
        if (types.tag() == type::kTensor)
          decode_tensor_type(types.message(), out);
        else
          types.skip();
      }
    } else {
      message.skip();
    }
  }
  return out;
}

GraphProto decode_graph(Message message) {
  GraphProto out;
  while (message.next()) {
    switch (message.tag()) {
      case graph::kNode:
        out.nodes.push_back(decode_node(message.message()));
        break;
      case graph::kName:
        out.name = message.text();
        break;
      case graph::kInitializer:
        out.initializers.push_back(message.text());
        break;
      case graph::kInput:
        out.inputs.push_back(decode_value_info(message.message()));
        break;
      case graph::kOutput:
        out.outputs.push_back(decode_value_info(message.message()));
        break;
      case graph::kSparseInitializer:
        out.sparse = true;
        message.skip();
        break;
      default:
        message.skip();
    }
  }
  return out;
}

void decode_opset(Message message, ModelProto& out) {
  std::string_view domain;
  int64_t version = 0;
  while (message.next()) {
    switch (message.tag()) {
      case opset_id::kDomain:
        domain = message.text();
        break;
      case opset_id::kVersion:
        version = message.integer();
        break;
      default:
        message.skip();
    }
  }
  if (is_onnx_domain(domain)) out.opset = version;
}

}  // namespace

Entry decode_entry(std::string_view bytes) {
  Entry out;
  Message message(bytes);
  while (message.next()) {
    switch (message.tag()) {
      case entry::kKey:
        out.key = message.text();
        break;
      case entry::kValue:
        out.value = message.text();
        break;
      default:
        message.skip();
    }
  }
  return out;
}

ModelProto decode_model(std::string_view bytes) {
  ModelProto out;
  Message message(bytes);
  while (message.next()) {
    switch (message.tag()) {
      case model::kGraph:
        out.graph = decode_graph(message.message());
        break;
      case model::kOpsetImport:
        decode_opset(message.message(), out);
        break;
      case model::kMetadata:
        out.metadata.push_back(decode_entry(message.text()));
        break;
      default:
        message.skip();
    }
  }
  return out;
}

bool is_onnx_domain(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

}  // namespace shrike::onnx
