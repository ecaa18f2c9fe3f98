// ONNX messages that may say anything, back into bytes: what formats/onnx/proto.h decodes, with
// strings of its own so that it can be changed.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "formats/onnx/proto.h"
#include "formats/onnx/tensor_proto.h"

namespace shrike::fuzz {

// An initialiser: decoded where its bytes are a message, else as they are.
using Initializer = std::variant<onnx::TensorProto, std::string_view>;

struct OnnxMessage {
  onnx::ModelProto model;
  std::vector<Initializer> initializers;
};

// Throws protozero::exception on malformed bytes. Views into `bytes`.
OnnxMessage decode_onnx(std::string_view bytes);
std::string encode_onnx(const OnnxMessage& message);

}  // namespace shrike::fuzz
