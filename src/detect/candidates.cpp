#include "detect/candidates.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/finite.h"

namespace shrike {

namespace {

HeadMap head_map(const Session& session, size_t output) {
  const kernels::ConstMapView view = session.output_map(output);
  return {view.data, static_cast<int>(view.height), static_cast<int>(view.width),
          static_cast<int>(view.channels), view.pixel_stride};
}

std::vector<Detection> anchor_free(const Head& head, const Session& session,
                                   const CandidateOptions& options) {
  std::vector<AnchorFreeScale> scales;
  for (size_t s = 0; s < head.scales(); ++s)
    scales.push_back({head_map(session, 2 * s), head_map(session, 2 * s + 1),
                      static_cast<float>(head.strides[s])});
  std::vector<Detection> found;
  const int bins = static_cast<int>(head.reg_max);
  if (head.max_det > 0) {
    decode_end_to_end(scales, bins, options.confidence, static_cast<int>(head.max_det), found);
  } else {
    decode_anchor_free(scales, bins, options, found);
  }
  return found;
}

std::vector<Detection> anchored(const Head& head, const Session& session,
                                const CandidateOptions& options) {
  const auto na = static_cast<size_t>(head.num_anchors());
  std::vector<AnchorSize> sizes;
  for (size_t i = 0; i + 1 < head.anchors.size(); i += 2)
    sizes.push_back({head.anchors[i], head.anchors[i + 1]});
  std::vector<AnchorScale> scales;
  for (size_t s = 0; s < head.scales(); ++s)
    scales.push_back({head_map(session, s), std::span(sizes).subspan(s * na, na),
                      static_cast<float>(head.strides[s]),
                      head.scale_xy.empty() ? 1.0f : head.scale_xy[s]});
  std::vector<Detection> found;
  decode_anchors(scales,
                 head.kind == HeadKind::kDarknet ? AnchorCoding::kDarknet : AnchorCoding::kV5,
                 options, found);
  return found;
}

std::vector<Detection> yolox(const Head& head, const Session& session,
                             const CandidateOptions& options) {
  std::vector<YoloxScale> scales;
  for (size_t s = 0; s < head.scales(); ++s)
    scales.push_back({head_map(session, 3 * s), head_map(session, 3 * s + 1),
                      head_map(session, 3 * s + 2), static_cast<float>(head.strides[s])});
  std::vector<Detection> found;
  decode_yolox(scales, ScoreForm::kLogits, options, found);
  return found;
}

Result<std::vector<Detection>> decoded_rows(const CandidateSource& source, const Tensor& output,
                                            const CandidateOptions& options) {
  const Shape& shape = output.shape();
  const float* data = output.data<float>().data();
  std::vector<Detection> found;
  switch (source.layout) {
    case OutputLayout::kV8:
      decode_v8_output(data, static_cast<int>(shape[1] - 4), shape[2], options, found);
      break;
    case OutputLayout::kV5:
      decode_v5_output(data, shape[1], static_cast<int>(shape[2] - 5), options, found);
      break;
    case OutputLayout::kEndToEnd:
      decode_end_to_end_output(data, shape[1], options.confidence, found);
      break;
    case OutputLayout::kYolox: {
      constexpr std::array<int, 3> kStrides = {8, 16, 32};
      SHRIKE_ASSIGN(const std::vector<YoloxScale> scales,
                    split_yolox_rows(data, shape[1], static_cast<int>(shape[2]), kStrides,
                                     source.width, source.height));
      decode_yolox(scales, ScoreForm::kProbabilities, options, found);
      break;
    }
    case OutputLayout::kAuto:
      break;
  }
  return found;
}

bool is_finite(const HeadMap& map) {
  for (int64_t cell = 0; cell < map.cells(); ++cell)
    if (!all_finite(std::span(map.cell(cell), static_cast<size_t>(map.channels)))) return false;
  return true;
}

}  // namespace

Result<std::vector<Detection>> candidates(const CandidateSource& source, const Session& session,
                                          const CandidateOptions& options) {
  if (source.head) {
    switch (source.head->kind) {
      case HeadKind::kAnchorFree:
        return anchor_free(*source.head, session, options);
      case HeadKind::kYolox:
        return yolox(*source.head, session, options);
      case HeadKind::kAnchor:
      case HeadKind::kDarknet:
        return anchored(*source.head, session, options);
    }
  }
  SHRIKE_ASSIGN(const Tensor output, session.output(0));
  const Shape& shape = output.shape();
  const int least = source.layout == OutputLayout::kV8 ? 1 : 2;
  if (shape.rank() != 3 || shape[0] < 1 || shape[least] < 5)
    return model_error("the network's output has shape " + to_string(shape) + ", not one of boxes");
  return decoded_rows(source, output, options);
}

Result<bool> outputs_are_finite(const Session& session) {
  for (size_t i = 0; i < session.plan().outputs().size(); ++i) {
    if (session.output_is_map(i)) {
      if (!is_finite(head_map(session, i))) return false;
      continue;
    }
    SHRIKE_ASSIGN(const Tensor output, session.output(i));
    if (!all_finite(output)) return false;
  }
  return true;
}

}  // namespace shrike
