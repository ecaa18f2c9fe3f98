// Calibration: what a network's integers should be, from pictures that it is shown.
//
// A list of passes, each with a name, makes a plan of integers better step by step; the first one
// is where all tensors and weights are rounded with nothing known but the largest values. Memory
// does not grow with the number of pictures: they are read as often as they are shown.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"
#include "quantize/place.h"
#include "vision/letterbox.h"

namespace shrike {

struct CalibrationOptions {
  DType activations = DType::kU8;  // or kI16
  DType weights = DType::kI8;      // or kI16
  int weight_bits = kWeightBits;   // of kI8 (quantize/weights.h)
  Preprocess preprocess;           // of the network's picture
  std::vector<std::filesystem::path> pictures;
  int threads = 1;
  std::vector<std::string> skip;  // passes to leave out
  // Asked before each picture, and between steps of what takes long; false ends the run.
  std::function<bool()> proceed = nullptr;
};

struct Calibration {
  Graph network;  // of network_to_quantize()
  IntegerPlan plan;
  std::vector<std::string> notes;  // what was left out, for whoever reads the report
};

struct CalibrationPass {
  std::string_view name;  // by its effect
  std::string_view about;
  Result<void> (*run)(Calibration&, const CalibrationOptions&);
  bool needed = false;  // cannot be left out
};

// In the order they run.
std::span<const CalibrationPass> calibration_passes();

// Requires at least one picture. Errors as show()'s.
Result<Calibration> calibrate(Graph network, const CalibrationOptions& options);

// The network with Q and DQ as the plan says.
Result<Graph> in_integers(const Calibration& calibration);

}  // namespace shrike
