// Where LibTorch's time goes: seconds by the name of the operator, without those it calls.
#pragma once

#include <string>
#include <vector>

namespace shrike::train {

struct OperatorTime {
  std::string name;  // "aten::convolution", "shrike::norm"; of backward the node's: "CatBackward0"
  bool backward = false;
  long calls = 0;
  double seconds = 0;
};

// Counts between start() and stop() what the calling thread runs; one at a time in a process.
void start_operator_times();
// The longest first.
std::vector<OperatorTime> stop_operator_times();

}  // namespace shrike::train
