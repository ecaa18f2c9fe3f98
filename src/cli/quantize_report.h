// What quantize tells of its work.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "calibrate/exceptions.h"
#include "calibrate/layer_times.h"
#include "calibrate/sensitivity.h"
#include "cli/change_judge.h"

namespace shrike {

// A convolution of the network, and what became of it.
struct QuantizedLayer {
  ValueId conv = kNoValue;  // its output
  std::string name;
  int64_t products = 0;        // of one picture
  std::string type = "float";  // "int8", "int16", "int16x8"; "fp16": stored so
  int bits = 32, weight_bits = 32;
  std::string range;  // how that of its input was chosen; empty in floats
  double low = 0, high = 0;
  std::optional<double> error;   // of the outputs, when it alone has the type it was tried in
  std::optional<double> points;  // AP points that this loses
  std::optional<double> ms_before, ms_after;
  std::map<std::string, double> ms;  // by type, where layers were timed in several
};

// Milliseconds of the raw maps on one thread, timed in turn: the least of several runs.
struct TimedWhole {
  std::optional<double> floats = {}, after = {};  // nothing where a table had the layers' times
  ConversionMs conversion = {};
};

struct QuantizeReport {
  std::string model, file, data, to;
  std::vector<QuantizedLayer> layers;
  uint64_t bytes_before = 0, bytes_after = 0;
  size_t calibrated = 0;  // pictures
  bool halved = false;
  bool own_truth = false;  // the float model's own detections were the truth
  Judgement judgement;
  std::optional<TimedWhole> timed;  // by which `mixed` is no slower than floats
  std::vector<double> looks;  // of `mixed`: AP points that each plan lost, of which one was chosen
};

// Every convolution of the network, as the plan has it.
std::vector<QuantizedLayer> layers_of_report(const Graph& network, const IntegerPlan& plan);

// Of all products of convolutions, those in integers: 0..1.
double integer_share(const std::vector<QuantizedLayer>& layers);

// One line:
// {"model","file","data","to","calibration_pictures","judged_pictures","halved","truth":
// "labels"|"float model","bytes_before","bytes_after","integer_share","map50_95": {"before",
// "after","difference","interval95"},"network_ms": {"before","after"},"timed_ms": {"before",
// "after","conversion_ns": {"to_integers","to_floats"} a value},"looks": [points lost],
// "layers":
// [{"name","products","type","bits","weight_bits","range","low","high","error","points_lost",
// "ms_before","ms_after","ms": {type: ms}}]}, null for what was not measured
std::string quantize_json(const QuantizeReport& report);
std::string quantize_text(const QuantizeReport& report);

}  // namespace shrike
