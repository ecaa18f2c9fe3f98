// Words that ONNX models are made of, for the mutator: lists in one text each, divided by '|'.
#pragma once

#include <string_view>
#include <vector>

namespace shrike::fuzz {

inline constexpr std::string_view kOperators =
    "Conv|ConvTranspose|BatchNormalization|MaxPool|AveragePool|GlobalAveragePool|"
    "Resize|Upsample|Relu|LeakyRelu|Sigmoid|Softplus|Exp|Sqrt|Not|Add|Sub|Mul|Div|Pow|"
    "Mod|Max|Min|Sum|And|Equal|Clip|Where|Cast|Concat|Split|Slice|Gather|"
    "GatherElements|GatherND|ScatterND|ScatterElements|Scatter|Reshape|Transpose|"
    "Squeeze|Unsqueeze|Flatten|Expand|Tile|Pad|DepthToSpace|SpaceToDepth|Shape|"
    "ConstantOfShape|Range|MatMul|Gemm|Softmax|ReduceMax|ReduceMean|ReduceSum|ArgMax|"
    "TopK|CumSum|NonZero|NonMaxSuppression|Dropout|Identity|Constant|PRelu|Erf|"
    "QuantizeLinear|DequantizeLinear";

inline constexpr std::string_view kAttributes =
    "strides|pads|dilations|group|kernel_shape|auto_pad|axis|axes|keepdims|to|perm|"
    "blocksize|mode|ceil_mode|count_include_pad|output_padding|output_shape|epsilon|"
    "alpha|beta|transA|transB|largest|sorted|batch_dims|num_outputs|split|starts|ends|"
    "start|end|allowzero|k|noop_with_empty_axes|center_point_box|"
    "coordinate_transformation_mode|nearest_mode|scales|min|max|value";

// Values of attributes and metadata.
inline constexpr std::string_view kStrings =
    "|640|[64, 96]|(0, 0)|[65536, 65536]|{0: 'a'}|{0: 'a', 1: 'b', 2: 'c'}|32|stretch|"
    "linear|cubic|asymmetric|align_corners|SAME_UPPER|VALID|reflect|edge|floor|CRD|"
    "999999999999999999999|-1|64|255|256";

inline std::vector<std::string_view> divided(std::string_view list) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t end = list.find('|');
    words.push_back(list.substr(0, end));
    if (end == std::string_view::npos) return words;
    list.remove_prefix(end + 1);
  }
}

}  // namespace shrike::fuzz
