#include "engine/families.h"

#include "engine/steps/families_list.h"

namespace shrike {

namespace {

template <typename... Ops>
bool is(const Op& op) {
  return (std::holds_alternative<Ops>(op) || ...);
}

bool any(const Op&) { return true; }

constexpr StepFamily kFamilies[] = {
    {"conv", is<Conv>, conv_refuse, conv_emit},
    {"conv_transpose", is<ConvTranspose>, conv_transpose_refuse, conv_transpose_emit},
    {"qconv", is<QConv>, quantized_conv_refuse, quantized_conv_emit},
    {"word_conv", is<QConv>, word_conv_refuse, word_conv_emit},
    {"batch_norm", is<BatchNorm>, batch_norm_refuse, batch_norm_emit},
    {"pool", is<MaxPool, AveragePool, GlobalAveragePool>, pool_refuse, pool_emit},
    {"resize", is<Resize>, resize_refuse, resize_emit},
    {"view", is<Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Split, Slice, Expand, Unary, Cast>,
     view_refuse, view_emit},
    {"concat", is<Concat>, concat_refuse, concat_emit},
    {"unary", is<Unary, Clip>, unary_refuse, unary_emit},
    {"quantize", is<QuantizeLinear, DequantizeLinear>, quantize_refuse, quantize_emit},
    {"lookup", is<Lookup>, lookup_refuse, lookup_emit},
    {"integer_sum", is<QAdd>, integer_sum_refuse, integer_sum_emit},
    {"binary", is<Binary>, binary_refuse, binary_emit},
    {"matmul", is<MatMul>, matmul_refuse, matmul_emit},
    {"gemm", is<Gemm>, gemm_refuse, gemm_emit},
    {"softmax", is<Softmax>, softmax_refuse, softmax_emit},
    {"reduce", is<Reduce>, reduce_refuse, reduce_emit},
    {"evaluate", any, nullptr, evaluate_emit},
};

}  // namespace

std::span<const StepFamily> step_families() { return kFamilies; }

}  // namespace shrike
