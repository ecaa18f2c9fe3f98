#include "kernels/qconv/depthwise.h"

#include <algorithm>
#include <cassert>
#include <vector>

#include "kernels/qconv/depthwise_geometry.h"

namespace shrike::kernels {

namespace {

// One call of qdepthwise_run, the same for all workers.
class DepthwiseRun {
 public:
  DepthwiseRun(const QDepthwiseKernel& kernel, const QConvProblem& problem,
               const PackedConv& packed, const QConvMaps& maps, int threads)
      : problem_(problem),
        maps_(maps),
        packing_(kernel, problem),
        band_(problem, packing_.channel_pitch, problem.in_zero, threads),
        packed_(packed),
        rule_(packing_.layout.rule(packed)),
        add_(problem.residual != Residual::kNone),
        function_(kernel.function(rule_.kind, add_)),
        offsets_(band_.offsets(packing_.groups * kernel.group_taps)) {}

  const DepthwiseGrid& grid() const { return band_.grid; }
  void compute(int64_t block, uint8_t* band) const;

 private:
  const QConvProblem& problem_;
  const QConvMaps& maps_;
  const DepthwisePacking packing_;
  const DepthwiseBand<uint8_t> band_;
  const PackedConv& packed_;
  const OutputRule& rule_;
  const bool add_;
  const QDepthwiseFunction function_;
  const std::vector<int64_t> offsets_;
};

void DepthwiseRun::compute(int64_t block, uint8_t* band) const {
  const int64_t first = block * grid().rows;
  const int64_t last = std::min(first + grid().rows, problem_.out_height);
  band_.fill(maps_.input, first, last, band);
  for (int64_t y = first; y < last; ++y)
    function_({band + (y - first) * problem_.stride_h * grid().row, offsets_.data(),
               packing_.groups, packing_.patterns, packing_.layout.weights_of(packed_),
               packing_.layout.constants_of(packed_), packing_.layout.scales_of(packed_), &rule_,
               maps_.output.at(y, 0), maps_.output.pixel_stride,
               add_ ? maps_.residual.at(y, 0) : nullptr, maps_.residual.pixel_stride,
               problem_.out_width, problem_.out_channels, packing_.channel_pitch});
}

}  // namespace

const char* qdepthwise_refuse(const QConvProblem& problem) {
  if (const char* reason = depthwise_refuse(problem, 1)) return reason;
  return problem.output == QOutput::kBytes ? nullptr : "made for bytes as output";
}

size_t qdepthwise_scratch_bytes(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                                int threads) {
  return depthwise_scratch(problem, DepthwisePacking(kernel, problem).channel_pitch, 1, threads);
}

void qdepthwise_run(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                    const PackedConv& packed, const QConvMaps& maps, ThreadPool& pool,
                    std::span<std::byte> scratch) {
  assert(scratch.size() >= qdepthwise_scratch_bytes(kernel, problem, pool.threads()));
  const DepthwiseRun run(kernel, problem, packed, maps, pool.threads());
  pool.parallel_for(run.grid().blocks, [&](int64_t block, int worker) {
    std::byte* mine = scratch.data() + static_cast<size_t>(worker) * run.grid().scratch;
    run.compute(block, reinterpret_cast<uint8_t*>(mine));
  });
}

}  // namespace shrike::kernels
