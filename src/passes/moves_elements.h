// Which operators do the same to integers as to what they stand for.
#pragma once

#include "ir/op.h"

namespace shrike {

// Those that only move elements or pick the largest. Their data is input 0, or all of Concat's.
inline bool moves_elements(const Op& op) {
  if (const auto* resize = std::get_if<Resize>(&op)) return resize->mode == ResizeMode::kNearest;
  return std::holds_alternative<MaxPool>(op) || std::holds_alternative<Concat>(op) ||
         std::holds_alternative<Split>(op) || std::holds_alternative<Slice>(op) ||
         std::holds_alternative<Reshape>(op) || std::holds_alternative<Transpose>(op) ||
         std::holds_alternative<Flatten>(op) || std::holds_alternative<Squeeze>(op) ||
         std::holds_alternative<Unsqueeze>(op);
}

}  // namespace shrike
