// Which layers compute in what, where 8 bits everywhere lose too much or take too long.
//
// Layers are decided on by units (units.h). A unit has 8 bits, or floats where these are faster.
// Others get 16 bits, or floats where those are slower than floats, in the order of exceptions.h,
// as many as are needed: the least number that keeps the loss within bounds, found by trying few
// before many and then by halving what is between.
#pragma once

#include <map>
#include <optional>

#include "calibrate/exceptions.h"
#include "calibrate/sensitivity.h"

namespace shrike {

struct MixedOptions {
  double max_drop = 0;     // AP points
  PointsLost points_lost;  // by the pictures that judge
  // By a convolution's output, by LayerType; layers that are not there have no preference.
  std::map<ValueId, std::array<double, kLayerTypes>> ms;
  ConversionMs conversion;
  // Makes 16 bits of nothing: what 8 bits are too few for stays float.
  bool floats_alone = false;
  // What points_lost says of fastest_plan(), where that is known: it is not asked again.
  std::optional<double> start_lost = {};
};

struct MixedChoice {
  IntegerPlan plan;
  double lost = 0;                 // AP points, with the plan
  std::vector<double> looks = {};  // what points_lost said of each plan that was judged, in turn
  bool reached = false;  // lost <= max_drop; where not, `plan` is the nearest that was tried
};

// The names of reports and tables.
constexpr std::array<const char*, kLayerTypes> kLayerTypeNames = {"int8", "int16", "float"};

// The plan in 16 bits of a calibration in 8: the same groups, weights rounded to the nearest.
IntegerPlan in_words(const Calibration& bytes);

// Where the choice begins: 8 bits, and floats where options.ms says that these are faster.
IntegerPlan fastest_plan(const Calibration& bytes, const MixedOptions& options);

// `layers`: of every convolution of the plan. Errors: what points_lost gives.
Result<MixedChoice> choose_types(const Calibration& bytes,
                                 const std::map<ValueId, LayerSensitivity>& layers,
                                 const MixedOptions& options);

}  // namespace shrike
