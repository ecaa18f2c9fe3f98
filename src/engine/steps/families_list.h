// What families.cpp lists: the two functions of each family, in the file of its name. `refuse`
// answers null or a reason; both are asked only for operators of their own and, but for evaluate,
// static shapes that are not empty.
#pragma once

#include "engine/planner.h"

namespace shrike {

// Conv with constant weights, on maps. (conv.cpp)
const char* conv_refuse(Planner& planner, const Node& node);
void conv_emit(Planner& planner, const Node& node);

const char* conv_transpose_refuse(Planner& planner, const Node& node);
void conv_transpose_emit(Planner& planner, const Node& node);

// BatchNormalization that no pass has folded: a depthwise convolution of one pixel.
const char* batch_norm_refuse(Planner& planner, const Node& node);
void batch_norm_emit(Planner& planner, const Node& node);

// QConv of bytes with constant weights, on maps. (quantized_conv.cpp)
const char* quantized_conv_refuse(Planner& planner, const Node& node);
void quantized_conv_emit(Planner& planner, const Node& node);

// The same of i16, or of u8 to i16 or with i16 as weights. (word_conv.cpp)
const char* word_conv_refuse(Planner& planner, const Node& node);
void word_conv_emit(Planner& planner, const Node& node);

// QuantizeLinear and DequantizeLinear between f32 and u8 or i16 with one scale.
const char* quantize_refuse(Planner& planner, const Node& node);
void quantize_emit(Planner& planner, const Node& node);

// Lookup and QAdd. (bytes.cpp)
const char* lookup_refuse(Planner& planner, const Node& node);
void lookup_emit(Planner& planner, const Node& node);
const char* integer_sum_refuse(Planner& planner, const Node& node);
void integer_sum_emit(Planner& planner, const Node& node);

// MaxPool, AveragePool, GlobalAveragePool on maps.
const char* pool_refuse(Planner& planner, const Node& node);
void pool_emit(Planner& planner, const Node& node);

// Nearest and linear, on maps.
const char* resize_refuse(Planner& planner, const Node& node);
void resize_emit(Planner& planner, const Node& node);

// What only renames elements: an operator whose output is a strided view of its input (or of a
// dense copy of it). Any element type.
const char* view_refuse(Planner& planner, const Node& node);
void view_emit(Planner& planner, const Node& node);

// Any axis and type; inputs that lie in place already are left where they are.
const char* concat_refuse(Planner& planner, const Node& node);
void concat_emit(Planner& planner, const Node& node);

// Functions of one variable, Clip with constant bounds; maps stay maps.
const char* unary_refuse(Planner& planner, const Node& node);
void unary_emit(Planner& planner, const Node& node);

// Arithmetic of two operands that broadcast.
const char* binary_refuse(Planner& planner, const Node& node);
void binary_emit(Planner& planner, const Node& node);

// Matrix products; operands may be transposed views.
const char* matmul_refuse(Planner& planner, const Node& node);
void matmul_emit(Planner& planner, const Node& node);
const char* gemm_refuse(Planner& planner, const Node& node);
void gemm_emit(Planner& planner, const Node& node);

const char* softmax_refuse(Planner& planner, const Node& node);
void softmax_emit(Planner& planner, const Node& node);

// The largest or smallest along one axis, wherever elements lie.
const char* reduce_refuse(Planner& planner, const Node& node);
void reduce_emit(Planner& planner, const Node& node);

// reference/evaluate.h on tensors: any node, also those whose shapes depend on the data.
void evaluate_emit(Planner& planner, const Node& node);

}  // namespace shrike
