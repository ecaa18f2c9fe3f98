// Op: the closed set of operators, by value. To add one: a struct in ir/ops/, its name in this
// variant, a shape rule in ir/infer/, a reference in reference/ (HACKING.md walks through it).
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "ir/ops/elementwise.h"
#include "ir/ops/feature_map.h"
#include "ir/ops/head.h"
#include "ir/ops/movement.h"
#include "ir/ops/quantize.h"
#include "ir/ops/reduce.h"

namespace shrike {

using Op = std::variant<
    Conv, ConvTranspose, BatchNorm, MaxPool, AveragePool, GlobalAveragePool, Resize,  //
    Unary, Binary, Clip, Where, Cast,                                                 //
    Concat, Split, Slice, Gather, GatherElements, GatherND, ScatterND, ScatterElements, Reshape,
    Transpose, Squeeze, Unsqueeze, Flatten, Expand, Tile, Pad, DepthToSpace, SpaceToDepth, ShapeOf,
    ConstantOfShape, Range,                                                           //
    MatMul, Gemm, Softmax, Reduce, ArgMax, TopK, CumSum, NonZero, NonMaxSuppression,  //
    QuantizeLinear, DequantizeLinear, QConv, QAdd, Lookup,                            //
    Head>;

// "Conv", "Sigmoid", "ReduceMax": ONNX's name where ONNX has the operator.
std::string_view op_name(const Op& op);

// Whether the operator computes with its elements. One that only moves, picks or converts them says
// so in its struct (`static constexpr bool kNoArithmetic = true`) and takes every element type.
bool does_arithmetic(const Op& op);

// The operator of that name with default attributes.
std::optional<Op> op_from_name(std::string_view name);

}  // namespace shrike
