// Reads ONNX models, operator sets 9 to 21, into one form: that of ir/ops, which is operator
// set 18.
//
// What older sets write as attributes (axes, sizes, bounds, pads, k, ...) becomes constant inputs;
// Constant nodes become constants, Dropout becomes Identity, Upsample becomes Resize, Max, Min and
// Sum of many inputs become chains of two (onnx/upgrade.h lists the rules). Initialisers that older
// files also list as inputs are constants only. Nodes come out in topological order, types and
// shapes inferred, what no output needs removed.
//
// Initialisers borrow the file's bytes where they are aligned for their type, and keep the mapping
// alive; the memory of each goes with its last tensor. External data is read only from regular
// files inside the model's own folder, no links out of it, no second hard link.
//
// The format: onnx.proto3 and docs/ExternalData.md of the ONNX project, IR versions 4 to 10.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

inline constexpr int kMinReadOpset = 9;
inline constexpr int kMaxReadOpset = 21;

// Errors (kModel) name the file, and the node, value or attribute at fault: damaged or truncated
// bytes, an operator set out of range, an operator or attribute that is not supported, a name that
// nothing defines or two things define, a cycle, data that does not fit its shape.
// `external`, where given, gets the files that external data was read from, links resolved.
Result<Graph> read_onnx(const std::filesystem::path& path,
                        std::vector<std::filesystem::path>* external = nullptr);

// The bytes of a model, of which tensors borrow where they are those of `file` (null: every tensor
// copies). `source` names them in errors; external data is looked for in `folder`, or refused when
// that is empty.
Result<Graph> read_onnx(std::span<const std::byte> bytes, std::shared_ptr<const MappedFile> file,
                        const std::string& source, const std::filesystem::path& folder = {},
                        std::vector<std::filesystem::path>* external = nullptr);

}  // namespace shrike
