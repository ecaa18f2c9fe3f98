#include "kernels/conv_transpose/phases.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/tensor.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kMostPhases = 1024;

// One direction of a phase.
struct Axis {
  int64_t first;     // of the output's positions
  int64_t count;     // of these
  int64_t taps;      // 0: none leads to an input
  int64_t last_tap;  // which meets the smallest input position, last_tap - n*step the next ones
  int64_t step;
  int64_t dilation;  // input positions from one tap to the next
  int64_t pad;       // input positions before the first window that do not exist,
  int64_t skipped;   // or that exist and are in no window
};

Axis axis_of(int64_t phase, int64_t stride, int64_t dilation, int64_t kernel, int64_t pad,
             int64_t extent, int64_t out_extent) {
  Axis axis{};
  axis.first = phase;
  axis.count = divide_up(out_extent - phase, stride);
  const int64_t shared = std::gcd(stride, dilation);
  axis.step = stride / shared;
  axis.dilation = dilation / shared;
  int64_t tap = 0;
  while (tap < std::min(kernel, axis.step) && (phase + pad - tap * dilation) % stride != 0) ++tap;
  if (tap >= std::min(kernel, axis.step)) return axis;
  axis.taps = (kernel - 1 - tap) / axis.step + 1;
  axis.last_tap = tap + (axis.taps - 1) * axis.step;
  const int64_t begin = (phase + pad - axis.last_tap * dilation) / stride;
  axis.pad = std::max<int64_t>(0, -begin);
  axis.skipped = std::max<int64_t>(0, begin);
  if (axis.skipped >= extent) axis.taps = axis.skipped = 0;
  return axis;
}

struct Phase {
  Axis down, across;
  ConvProblem problem;

  Phase(const ConvTransposeProblem& p, int64_t y, int64_t x)
      : down(
            axis_of(y, p.stride_h, p.dilation_h, p.kernel_h, p.pad_top, p.in_height, p.out_height)),
        across(
            axis_of(x, p.stride_w, p.dilation_w, p.kernel_w, p.pad_left, p.in_width, p.out_width)) {
    const bool empty = down.taps == 0 || across.taps == 0;
    if (empty) down.taps = across.taps = 0;
    problem.in_height = p.in_height - down.skipped;
    problem.in_width = p.in_width - across.skipped;
    problem.in_channels = p.in_channels;
    problem.out_height = down.count;
    problem.out_width = across.count;
    problem.out_channels = p.out_channels;
    problem.kernel_h = down.taps;
    problem.kernel_w = across.taps;
    problem.pad_top = down.pad;
    problem.pad_left = across.pad;
    problem.dilation_h = down.taps > 1 ? down.dilation : 1;
    problem.dilation_w = across.taps > 1 ? across.dilation : 1;
    problem.groups = p.groups;
    problem.activation = p.activation;
  }

  // Without taps what is left is the bias: of no interest to fast kernels.
  const ConvKernel& choose() const {
    const bool empty = problem.taps() == 0;
    return empty ? conv_kernels().back() : *select_kernel(conv_kernels(), problem).kernel;
  }
};

size_t packed_bytes_of(const ConvKernel& kernel, const Phase& phase) {
  return align_up(kernel.packed_bytes(phase.problem));
}

int64_t phase_count(const ConvTransposeProblem& p) {
  return std::min(p.stride_h, p.out_height) * std::min(p.stride_w, p.out_width);
}

// Of the packed weights' first part: which row of conv_kernels() each phase has, so that runs need
// not choose.
size_t rows_bytes(const ConvTransposeProblem& p) {
  return align_up(static_cast<size_t>(phase_count(p)) * sizeof(int32_t));
}

// body(phase) for those that have outputs, in an order that never changes.
template <typename Body>
void for_each_phase(const ConvTransposeProblem& p, const Body& body) {
  for (int64_t y = 0; y < std::min(p.stride_h, p.out_height); ++y)
    for (int64_t x = 0; x < std::min(p.stride_w, p.out_width); ++x) body(Phase(p, y, x));
}

// A phase's weights as its convolution wants them: [out_channels][group_in][taps][taps].
std::vector<float> weights_of(const ConvTransposeProblem& p, const Phase& phase,
                              const float* weights) {
  std::vector<float> taken(static_cast<size_t>(phase.problem.weight_count()));
  auto to = taken.begin();
  for (int64_t o = 0; o < p.out_channels; ++o)
    for (int64_t c = 0; c < p.group_in(); ++c) {
      const int64_t input = o / p.group_out() * p.group_in() + c;
      const float* from = weights + (input * p.group_out() + o % p.group_out()) * p.taps();
      for (int64_t n = 0; n < phase.down.taps; ++n)
        for (int64_t m = 0; m < phase.across.taps; ++m)
          *to++ = from[(phase.down.last_tap - n * phase.down.step) * p.kernel_w +
                       phase.across.last_tap - m * phase.across.step];
    }
  return taken;
}

}  // namespace

const char* phases_refuse(const ConvTransposeProblem& p) {
  const int64_t down = std::min(p.stride_h, p.out_height);
  const int64_t across = std::min(p.stride_w, p.out_width);
  return down > kMostPhases || across > kMostPhases || phase_count(p) > kMostPhases
             ? "too many phases"
             : nullptr;
}

size_t phases_packed_bytes(const ConvTransposeProblem& problem) {
  size_t bytes = rows_bytes(problem);
  for_each_phase(problem,
                 [&](const Phase& phase) { bytes += packed_bytes_of(phase.choose(), phase); });
  return bytes;
}

void phases_pack(const ConvTransposeProblem& problem, const float* weights, const float* bias,
                 float* packed) {
  auto* row = reinterpret_cast<int32_t*>(packed);
  packed += rows_bytes(problem) / sizeof(float);
  for_each_phase(problem, [&](const Phase& phase) {
    const ConvKernel& kernel = phase.choose();
    *row++ = static_cast<int32_t>(&kernel - conv_kernels().data());
    kernel.pack_into(phase.problem, weights_of(problem, phase, weights).data(), bias, packed);
    packed += packed_bytes_of(kernel, phase) / sizeof(float);
  });
}

size_t phases_scratch_bytes(const ConvTransposeProblem& problem, int threads) {
  size_t bytes = 0;
  for_each_phase(problem, [&](const Phase& phase) {
    bytes = std::max(bytes, phase.choose().scratch_bytes(phase.problem, threads));
  });
  return bytes;
}

void phases_run(const ConvTransposeProblem& problem, const PackedConv& packed,
                const ConstMapView& input, const MapView& output, ThreadPool& pool,
                std::span<std::byte> scratch) {
  const auto* row = reinterpret_cast<const int32_t*>(packed.bytes.get());
  const std::byte* at = packed.bytes.get() + rows_bytes(problem);
  for_each_phase(problem, [&](const Phase& phase) {
    const ConvProblem& p = phase.problem;
    const ConvKernel& kernel = conv_kernels()[static_cast<size_t>(*row++)];
    const ConstMapView in{input.at(phase.down.skipped, phase.across.skipped),
                          p.in_height,
                          p.in_width,
                          p.in_channels,
                          input.pixel_stride,
                          input.row_stride};
    const MapView out{output.at(phase.down.first, phase.across.first),
                      p.out_height,
                      p.out_width,
                      p.out_channels,
                      output.pixel_stride * problem.stride_w,
                      output.row_stride * problem.stride_h};
    const size_t bytes = packed_bytes_of(kernel, phase);
    kernel.run(p, {{packed.bytes, at}, bytes}, {in, out, {}}, pool, scratch);
    at += bytes;
  });
}

}  // namespace shrike::kernels
