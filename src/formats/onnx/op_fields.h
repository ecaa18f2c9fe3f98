// Where our operator structs and ONNX's operators differ, for the reader and the writer alike.
#pragma once

#include <string_view>

#include "ir/op.h"

namespace shrike::onnx {

// Head, Silu and the operators on integers exist in our graphs only.
inline bool is_onnx_operator(const Op& op) {
  const Unary* unary = std::get_if<Unary>(&op);
  return !std::holds_alternative<Head>(op) && !std::holds_alternative<QConv>(op) &&
         !std::holds_alternative<QAdd>(op) && !std::holds_alternative<Lookup>(op) &&
         !(unary && unary->kind == UnaryKind::kSilu);
}

inline bool has_alpha(UnaryKind kind) {
  return kind == UnaryKind::kLeakyRelu || kind == UnaryKind::kElu ||
         kind == UnaryKind::kHardSigmoid;
}

// Whether the field is an attribute in ONNX, too.
template <typename T>
bool is_onnx_field(const T&, std::string_view) {
  return true;
}
inline bool is_onnx_field(const Conv&, std::string_view field) {
  return field != "activation" && field != "alpha" && field != "beta";
}
inline bool is_onnx_field(const Unary& op, std::string_view field) {
  return field == "alpha" ? has_alpha(op.kind) : op.kind == UnaryKind::kHardSigmoid;
}
inline bool is_onnx_field(const Binary& op, std::string_view) {
  return op.kind == BinaryKind::kMod;
}

// Sets what ONNX assumes where the structs' own defaults differ.
inline void set_onnx_defaults(Op& op) {
  Unary* unary = std::get_if<Unary>(&op);
  if (!unary) return;
  if (unary->kind == UnaryKind::kLeakyRelu) unary->alpha = 0.01f;
  if (unary->kind == UnaryKind::kElu) unary->alpha = 1.0f;
  if (unary->kind == UnaryKind::kHardSigmoid) {
    unary->alpha = 0.2f;
    unary->beta = 0.5f;
  }
}

}  // namespace shrike::onnx
