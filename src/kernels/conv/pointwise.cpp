#include "kernels/conv/pointwise.h"

#include "kernels/conv/pointwise_geometry.h"

namespace shrike::kernels {

const char* pointwise_refuse(const ConvProblem& problem) {
  if (problem.taps() != 1) return "not a 1x1 kernel";
  if (problem.groups != 1) return "in groups";
  if (problem.pad_top != 0 || problem.pad_left != 0 ||
      (problem.out_height - 1) * problem.stride_h >= problem.in_height ||
      (problem.out_width - 1) * problem.stride_w >= problem.in_width)
    return "padded";
  return nullptr;
}

const char* refuse_three_vectors(const ConvProblem& problem, int64_t lanes) {
  if (!fills_panels(problem.out_channels, 3 * lanes, lanes)) return kUnfilled;
  if (problem.out_channels < 3 * lanes) return "too few outputs for its tile";
  if (!problem.by_estimate || problem.out_channels % (2 * lanes) != 0) return nullptr;
  return "outputs fill panels of two vectors";
}

const char* triple_pointwise_refuse(const PointwiseKernel& kernel, const ConvProblem& problem) {
  if (const char* reason = pointwise_refuse(problem)) return reason;
  return refuse_three_vectors(problem, kernel.wide.columns / 3);
}

// Its tile is two vectors wide, or what is left is one: of few outputs much would be empty.
const char* wide_pointwise_refuse(const PointwiseKernel& kernel, const ConvProblem& problem) {
  if (const char* reason = pointwise_refuse(problem)) return reason;
  return problem.out_channels <= kernel.narrow->columns ? "too few outputs for its tile" : nullptr;
}

size_t pointwise_packed_bytes(const PointwiseKernel& kernel, const ConvProblem& problem) {
  return static_cast<size_t>(PointwisePanels(kernel, problem).total()) * sizeof(float);
}

void pointwise_pack(const PointwiseKernel& kernel, const ConvProblem& problem, const float* weights,
                    const float* bias, float* packed) {
  const PointwisePanels panels(kernel, problem);
  for (int64_t i = 0; i < panels.count(); ++i) {
    const int64_t columns = panels.panel(i).columns, first = panels.first_output(i);
    const SideBySide& beside = panels.panel(i).beside;
    for (int64_t j = 0; j < panels.outputs(i); ++j) {
      const float* source = weights + (first + j) * problem.in_channels;
      float* target = packed + panels.weights(i);
      for (int64_t k = 0; k < problem.in_channels; ++k)
        target[beside.place(k, j, columns)] = source[k];
      if (bias) packed[panels.bias(i) + j] = bias[first + j];
    }
  }
}

void pointwise_run(const PointwiseKernel& kernel, const ConvProblem& problem,
                   const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool) {
  const PointwisePanels panels(kernel, problem);
  if (divides_outputs(problem, pool.threads()))
    return for_each_panel(panels, kernel.rows, problem, maps, pool,
                          [&](int64_t panel, PointwiseUnits::Unit& unit) {
                            compute_panel(panels, packed.floats(), panel, unit.strip);
                          });
  PointwiseUnits units(kernel.rows, problem, maps, panels.count(), pool.threads());
  if (panels.count() == 1 && pool.threads() == 1) units.join();
  pool.parallel_for(units.count(), [&](int64_t index, int) {
    PointwiseUnits::Unit unit = units.unit(index);
    compute_panels(panels, packed.floats(), unit);
  });
}

void pointwise_panel(const PointwiseKernel& kernel, const ConvProblem& problem,
                     const PackedConv& packed, const ConstMapView& input, int64_t panel,
                     int64_t first, int64_t last, const MapView& output) {
  const PointwisePanels panels(kernel, problem);
  const PointwiseRows rows(problem, input, first, last);
  const ConvMaps maps{rows.input, output, {}};
  PointwiseUnits units(kernel.rows, rows.problem, maps, 1, 1);
  units.join();
  for (int64_t i = 0; i < units.count(); ++i) {
    PointwiseUnits::Unit unit = units.unit(i);
    compute_panel(panels, packed.floats(), panel, unit.strip);
  }
}

}  // namespace shrike::kernels
