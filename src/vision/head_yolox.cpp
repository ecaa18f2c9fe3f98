#include <cassert>
#include <string>

#include "vision/head.h"
#include "vision/score.h"

namespace shrike {

namespace {

Box box_at(const YoloxScale& scale, int64_t cell) {
  const float* t = scale.box.cell(cell);
  const float x = static_cast<float>(cell % scale.box.width);
  const float y = static_cast<float>(cell / scale.box.width);
  const float s = scale.stride;
  return to_box({(t[0] + x) * s, (t[1] + y) * s, std::exp(t[2]) * s, std::exp(t[3]) * s});
}

[[maybe_unused]] bool same_grid(const HeadMap& a, const HeadMap& b) {
  return a.height == b.height && a.width == b.width;
}

template <typename Form>
void decode_scale(const YoloxScale& scale, const CandidateOptions& options,
                  std::vector<Detection>& out) {
  const float floor = Form::floor(options.confidence);
  for (int64_t cell = 0; cell < scale.box.cells(); ++cell) {
    const float objectness = *scale.objectness.cell(cell);
    if (!(objectness > floor)) continue;
    add_labels<Form>(
        scale.classes.cell(cell), scale.classes.channels, Form::probability(objectness), options,
        [&] { return box_at(scale, cell); }, out);
  }
}

}  // namespace

void decode_yolox(std::span<const YoloxScale> scales, ScoreForm form,
                  const CandidateOptions& options, std::vector<Detection>& out) {
  for (const YoloxScale& scale : scales) {
    assert(scale.box.channels == 4 && scale.objectness.channels == 1 &&
           scale.classes.channels >= 1);
    assert(same_grid(scale.box, scale.objectness) && same_grid(scale.box, scale.classes));
    if (form == ScoreForm::kLogits)
      decode_scale<Logits>(scale, options, out);
    else
      decode_scale<Probabilities>(scale, options, out);
  }
}

Result<std::vector<YoloxScale>> split_yolox_rows(const float* data, int64_t rows, int columns,
                                                 std::span<const int> strides, int input_width,
                                                 int input_height) {
  const int classes = columns - 5;
  if (classes < 1)
    return model_error("YOLOX rows need 6 columns or more, not " + std::to_string(columns));
  std::vector<YoloxScale> scales;
  int64_t first = 0;
  for (const int stride : strides) {
    assert(stride > 0);
    const int width = input_width / stride, height = input_height / stride;
    const auto map = [&](int from, int channels) {
      return HeadMap{data + first * columns + from, height, width, channels, columns};
    };
    const int64_t cells = int64_t{width} * height;
    if (cells > rows - first) break;  // told below, with the sum
    scales.push_back({map(0, 4), map(4, 1), map(5, classes), static_cast<float>(stride)});
    first += cells;
  }
  if (scales.size() != strides.size() || first != rows)
    return model_error("YOLOX grids for an input of " + std::to_string(input_width) + "x" +
                       std::to_string(input_height) + " do not fill " + std::to_string(rows) +
                       " rows");
  return scales;
}

}  // namespace shrike
