// What quantize tells of its work.
#pragma once

#include <optional>
#include <string>

#include "calibrate/calibration.h"
#include "cli/quantize_sets.h"
#include "eval/bootstrap.h"
#include "validate/validate.h"

namespace shrike {

// A convolution of the network, and what became of it.
struct QuantizedLayer {
  std::string name;
  int64_t products = 0;  // of one picture
  int bits = 32;         // 8: in integers
  std::string range;     // how that of its input was chosen; empty in floats
  double low = 0, high = 0;
};

struct QuantizeReport {
  std::string model, file, data;
  std::vector<QuantizedLayer> layers;
  uint64_t bytes_before = 0, bytes_after = 0;
  size_t calibrated = 0, judged = 0;  // pictures
  bool halved = false;
  bool own_truth = false;                      // the float model's own detections were the truth
  std::optional<double> before, after;         // AP 0.50:0.95
  std::optional<PairedDifference> difference;  // after - before
  double ms_before = 0, ms_after = 0;          // of the network, a picture, one thread
};

std::vector<QuantizedLayer> layers_of_report(const Calibration& calibration);

// Of all products of convolutions, those in integers: 0..1.
double integer_share(const std::vector<QuantizedLayer>& layers);

// What --max-drop is compared with: AP points lost, 0 where there is no number.
double points_lost(const QuantizeReport& report);

// One line:
// {"model","file","data","calibration_pictures","judged_pictures","halved","truth":
// "labels"|"float model","bytes_before","bytes_after","integer_share","map50_95": {"before",
// "after","difference","interval95"},"network_ms": {"before","after"},"layers":
// [{"name","products","bits","range","low","high"}]}
std::string quantize_json(const QuantizeReport& report);
std::string quantize_text(const QuantizeReport& report);

}  // namespace shrike
