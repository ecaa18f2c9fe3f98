// Writes a graph as an ONNX model that other programs run: ONNX Runtime, OpenVINO, TensorRT,
// OpenCV.
//
// Takes graphs in ONNX's operators only. Head, Silu and convolutions with a fused activation or
// residual have none: run passes/ saving_passes() first. Operators that the chosen set lacks are
// written in those it has (Mish before 18, HardSwish before 14), inputs that it wants as attributes
// must be constant (axes of ReduceMax before 18).
//
// The bytes depend on the graph and the options alone. The graph message comes last, so that a file
// cut short never passes for a whole one.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

inline constexpr int kMinWriteOpset = 13;
inline constexpr int kMaxWriteOpset = 21;

struct OnnxWriteOptions {
  int opset = 17;  // kMinWriteOpset..kMaxWriteOpset; the IR version follows from it
};

// Errors: kUsage for an operator set out of range; kModel, naming the node, for what cannot be
// written, and for weights over the 2 GB that one protobuf file can hold.
Result<std::string> write_onnx(const Graph& graph, const OnnxWriteOptions& options = {});

// The same to a file, which is replaced whole or not at all.
Result<void> save_onnx(const Graph& graph, const std::filesystem::path& path,
                       const OnnxWriteOptions& options = {});

}  // namespace shrike
