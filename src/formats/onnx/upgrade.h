// The rules that bring every operator set from 9 to 21 to the one form of ir/ops.
#pragma once

#include <span>

#include "formats/onnx/draft.h"

namespace shrike::onnx {

using Rule = Result<void> (*)(Draft&, Builder&);

struct Upgrade {
  std::string_view op;
  int below;  // applies to operator sets under this one
  Rule apply;
};

// In the order in which they apply; a rule that renames the operator hands on to those after it.
std::span<const Upgrade> upgrades();

// Applies every rule that fits.
Result<void> upgrade(Draft& draft, Builder& builder);

}  // namespace shrike::onnx
