// The texts of the test graphs (test_graphs.h), for programs that are no GTest.
#pragma once

#include <string>
#include <vector>

namespace shrike::onnx {

// One graph per group of operators, every attribute away from its default somewhere.
inline const std::vector<std::string>& test_graphs() {
  static const std::vector<std::string> all = {
      R"(input %x: f32["n",2,8,8]
const %w: f32[4,1,3,3] = hex")" +
          std::string(4 * 9 * 8, '0') + R"("
const %b: f32[4] = [1, 2, 3, 4]
const %t: f32[4,2,2,2] = hex")" +
          std::string(4 * 8 * 8, '0') + R"("
const %s: f32[4] = [1, 1, 2, 2]
const %to: i64[4] = [1, 8, 5, 7]
%c = Conv(%x, %w, %b) strides=[2, 1] pads=[1, 0, 1, 2] dilations=[1, 2] group=2 @"conv"
%same = Conv(%c, %t) auto_pad=SAME_UPPER group=2
%n = BatchNormalization(%c, %b, %b, %b, %b) epsilon=0.25
%d = ConvTranspose(%n, %t) strides=[2, 2] output_padding=[1, 0] group=4
%m = MaxPool(%d) kernel_shape=[3, 2] strides=[1, 2] pads=[1, 1, 0, 0] ceil_mode=1
%a = AveragePool(%m) kernel_shape=[2, 2] count_include_pad=1 pads=[1, 1, 0, 0]
%p = GlobalAveragePool(%a)
%r = Resize(%a, %s) coordinate_transformation_mode=asymmetric nearest_mode=floor
%q = Resize(%a, _, %to) mode=linear coordinate_transformation_mode=pytorch_half_pixel
output %p
output %q
output %r
output %same
)",
      R"(input %x: f32[2,3]
input %i: i64[2,3]
const %lo: f32[] = [-1]
%a = LeakyRelu(%x) alpha=0.1
%b = HardSigmoid(%a) alpha=0.25 beta=0.5
%c = Elu(%b) alpha=0.5
%d = Clip(%c, %lo)
%e = Clip(%d, _, %lo)
%f = PRelu(%e, %lo)
%g = Mod(%i, %i)
%h = Mod(%x, %f) fmod=1
%k = GreaterOrEqual(%h, %lo)
%l = Not(%k)
%m = Where(%l, %h, %x)
%o = Cast(%m) to=f16
%p = Erf(%x)
output %o
output %g
output %p
)",
      R"(input %x: f32[2,6,4]
const %sizes: i64[2] = [2, 4]
const %zero: i64[1] = [0]
const %one: i64[1] = [1]
const %two: i64[1] = [2]
const %perm: i64[3] = [2, 12, 2]
const %pads: i64[6] = [0, 1, 0, 0, 2, 0]
const %value: f32[] = [3]
const %k: i64[1] = [3]
const %axis: i64[] = [1]
%a, %b = Split(%x, %sizes) axis=1
%c, %d = Split(%x) axis=2
%e = Concat(%a, %b) axis=1
%f = Slice(%e, %zero, %two, %one, %one)
%g = Transpose(%f) perm=[2, 0, 1]
%h = Transpose(%g)
%i = Unsqueeze(%h, %zero)
%j = Squeeze(%i, %zero)
%l = Pad(%e, %pads, %value) mode=constant
%m = Pad(%e, %pads) mode=reflect
%n, %o = TopK(%x, %k) axis=1 largest=0 sorted=0
%p = GatherElements(%x, %o) axis=1
%q = Flatten(%p) axis=2
%r = ReduceSum(%q, %one) keepdims=0
%s = ReduceSum(%q) noop_with_empty_axes=1
%t = ArgMax(%q) axis=1 keepdims=0 select_last_index=1
%u = CumSum(%x, %axis) exclusive=1 reverse=1
%v = Shape(%u)
%w = ConstantOfShape(%v) value=i64[1] [7]
%y = Softmax(%u) axis=1
%z = Reshape(%y, %perm)
output %z
output %w
output %t
output %s
output %r
output %n
output %m
output %l
output %j
output %d
)",
      R"(input %x: f32[1,4,6,6]
input %boxes: f32[1,6,4]
input %scores: f32[1,2,6]
const %to: i64[4] = [2, 9, 4, 4]
const %times: i64[4] = [1, 1, 2, 1]
const %i: i64[2] = [0, -1]
const %each: i64[2,1] = [0, 1]
const %row: i64[1,2] = [0, 1]
const %at: i64[1,1,1] = [3]
const %u: f32[1,4] = [1, 2, 3, 4]
const %v: f32[1,1,1] = [5]
const %k: f32[4,2] = [1, 0, 0, 1, -1, 2, 3, 4]
const %m: f32[3,16] = [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
const %b: f32[3] = [1, 2, 3]
const %zero: i64[] = [0]
const %seven: i64[] = [7]
const %two: i64[] = [2]
const %most: i64[1] = [5]
%a = DepthToSpace(%x) blocksize=2 mode=CRD
%c = SpaceToDepth(%a) blocksize=3
%d = Expand(%c, %to)
%e = Tile(%d, %times)
%f = Gather(%e, %i) axis=1
%g = GatherND(%f, %each) batch_dims=1
%h = ScatterND(%g, %row, %u)
%j = ScatterElements(%h, %at, %v) axis=2
%l = MatMul(%j, %k)
%n = Flatten(%l) axis=1
%o = Gemm(%n, %m, %b) alpha=0.5 transB=1
%p = NonZero(%o)
%q = Range(%zero, %seven, %two)
%r = NonMaxSuppression(%boxes, %scores, %most) center_point_box=1
%s = Max(%o, %b)
%t = Pow(%s, %b)
output %p
output %q
output %r
output %t
)",
      R"(input %x: f32[1,4,6,6]
const %scales: f32[4] = [0.5, 0.25, 0.125, 1]
const %zeros: i8[4] = hex"00ff0203"
const %scale: f32[] = [0.5]
const %zero: u8[] = hex"80"
const %sums: i32[4] = [1, -2, 3, -4]
%a = QuantizeLinear(%x, %scale, %zero)
%b = DequantizeLinear(%a, %scale, %zero)
%c = QuantizeLinear(%b, %scales, %zeros) axis=1
%d = DequantizeLinear(%c, %scales, %zeros) axis=-3
%e = DequantizeLinear(%sums, %scales) axis=0
output %d
output %e
)",
  };
  return all;
}

}  // namespace shrike::onnx
