// Protobuf bytes of the pieces of a model. Repeated numbers are written unpacked, as the ONNX
// project's own programs do.
#pragma once

#include <protozero/pbf_writer.hpp>
#include <string_view>

#include "formats/onnx/out_node.h"

namespace shrike::onnx {

// Each appends one message with field number `tag` to `parent`.
void encode_node(protozero::pbf_writer& parent, uint32_t tag, const OutNode& node);
void encode_tensor(protozero::pbf_writer& parent, uint32_t tag, std::string_view name,
                   const Tensor& tensor);
void encode_value_info(protozero::pbf_writer& parent, uint32_t tag, const Value& value);
void encode_entry(protozero::pbf_writer& parent, uint32_t tag, std::string_view key,
                  std::string_view value);

}  // namespace shrike::onnx
