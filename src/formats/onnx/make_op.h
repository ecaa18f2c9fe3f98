// From a draft in today's form to an operator's struct.
#pragma once

#include "formats/onnx/draft.h"

namespace shrike::onnx {

// Fills the struct through its list of fields (ir/field.h): an attribute sets the field of its
// name, ONNX's defaults hold where the file says nothing. Errors (kModel) name the node: an
// operator that is not supported, an attribute that ONNX requires and that is not there, an
// attribute of another type or of a value not supported, an attribute that would change the meaning
// and is not supported.
Result<Op> make_op(const Draft& draft, Builder& builder);

}  // namespace shrike::onnx
