// The passes of a calibration; each is in the file of its name. Private to calibrate.
#pragma once

#include "calibrate/calibration.h"

namespace shrike {

// Where a tensor lies between convolutions alone and its activation lets factors through (none,
// ReLU, LeakyReLU), each channel is divided by a factor, in the weights and bias that make it, and
// multiplied by it in the weights that read it: the largest value r[c] of the channel where only
// depthwise convolutions read it, else sqrt(r[c] / v[c]), v[c] being the largest of its weights
// beside the largest of their output channel. (Nagel, van Baalen, Blankevoort, Welling, "Data-Free
// Quantization Through Weight Equalization and Bias Correction", 2019, with values for weights.)
Result<void> equalise_channels(Calibration& calibration, const CalibrationOptions& options);

// A plan that rounds every weight to the nearest and leaves no value of the pictures out. The
// picture itself is its bytes, whatever the other activations are.
Result<void> measure_values(Calibration& calibration, const CalibrationOptions& options);

// The range of each group of tensors in bytes: of those that several ways choose, the one that
// leaves the least squared error.
Result<void> choose_ranges(Calibration& calibration, const CalibrationOptions& options);

// Of activations in bytes, tensors whose integers change the outputs most stay floats, and with
// them the convolutions that read them: as far as these are 4 % of all products together (depthwise
// ones, as a rule).
Result<void> keep_floats(Calibration& calibration, const CalibrationOptions& options);

// Weights of i8 rounded so that the layer's output changes least (quantize/rounding.h).
Result<void> round_weights(Calibration& calibration, const CalibrationOptions& options);

// Biases such that each channel's mean over the pictures is what it is in floats.
Result<void> correct_biases(Calibration& calibration, const CalibrationOptions& options);

}  // namespace shrike
