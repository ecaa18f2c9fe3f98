// Detector: a picture in, boxes out. The only place where vision and engine meet.
//
//   model file -> graph -> head lifted, passes, plan            (load, once)
//   picture -> placed and scaled tensor -> network -> raw maps  (detect, each picture)
//           -> candidates above the threshold -> NMS -> boxes in the picture's pixels
//
// A Detector is used by one thread at a time; its network runs on its own thread pool. Detectors
// made by `another` share the packed weights and may run at the same time.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/conv_choice.h"
#include "engine/memory_limit.h"
#include "ir/graph.h"
#include "vision/box.h"
#include "vision/image.h"

namespace shrike {

// What a model's raw output means when it was not (or cannot be) recognised.
enum class OutputLayout {
  kAuto,     // the lifted head, or the only layout that fits the output's shape
  kV8,       // (N, 4+nc, A): cxcywh, scores
  kV5,       // (N, A, 5+nc): cxcywh, objectness, scores
  kYolox,    // (N, A, 5+nc): grid offsets and log sizes, objectness, scores
  kEndToEnd  // (N, R, 6): x1,y1,x2,y2,score,class
};

// How the picture is placed in the network's input. kAuto: as the model's family does.
enum class PreprocessChoice { kAuto, kLetterbox, kStretch, kDarknetLetterbox, kYolox };

// What callers let the options be.
inline constexpr int kMaxSide = 16384;  // of imgsz, from 1
inline constexpr int kMaxThreads = 1024;
inline constexpr int kMaxDetections = 30000;

struct LoadOptions {
  std::optional<std::array<int, 2>> imgsz;  // height, width; the model's own when absent
  int threads = 0;                          // 0: every core this process may use
  MemoryLimit memory = {};                  // slower kernels where it asks for them
  OutputLayout layout = OutputLayout::kAuto;
  PreprocessChoice preprocess = PreprocessChoice::kAuto;
  std::vector<std::string> names;  // overrides the model's; may be empty
  // What convolutions may round their inputs and weights to.
  kernels::Precision precision = kernels::Precision::kFp32;
  // How convolutions of the prepared network choose their kernels, by what was measured say; by
  // estimate when null.
  std::function<Result<ChooseConv>(const Graph& prepared)> kernel_choice = nullptr;
};

struct DetectOptions {
  float conf = 0.25f;
  std::optional<float> iou;  // NMS threshold; when absent the file's, or the family's 0.7 or 0.45
  int max_det = 300;
  bool agnostic = false;     // NMS across classes; also where the file's own NMS does that
  bool multi_label = false;  // every class over the threshold, not only a box's best
  std::vector<int> classes;  // keep only these; empty: all
  bool check_finite = false;  // Detections::finite is told: a look at all that the network says
};

struct Timing {
  double preprocess_ms = 0;
  double inference_ms = 0;
  double postprocess_ms = 0;
};

struct Detections {
  std::vector<Detection> boxes;  // highest confidence first, pixels of the picture, clipped to it
  // False where it was asked for and something that the network says is infinite or no number: cells
  // of which it is give no boxes.
  bool finite = true;
  Timing timing;
};

class Detector {
 public:
  // Errors (kModel) name `source`, the file the graph came from: what make_network() refuses, and
  // weights that are no finite numbers.
  static Result<Detector> create(Graph graph, const std::string& source,
                                 const LoadOptions& options);

  // A second detector of the same network, with activations and threads of its own: the same boxes,
  // bit for bit. Errors: kRuntime where the machine has not the memory.
  static Result<Detector> another(const Detector& first);

  Detector(Detector&&) noexcept;
  Detector& operator=(Detector&&) noexcept;
  ~Detector();

  Result<Detections> detect(const Image& image, const DetectOptions& options);

  // Class names, one per class; "class 7" where nobody names them.
  const std::vector<std::string>& names() const;
  // False when neither the model nor the caller names the classes and COCO's names (80 classes)
  // or numbers stand in.
  bool names_known() const;
  std::array<int, 2> input_size() const;  // height, width
  int threads() const;
  int64_t macs() const;  // multiply-adds of one run, of what make_network() counts
  // One line on what was recognised: "anchor-free head, 3 scales, 80 classes, letterbox".
  const std::string& description() const;

 private:
  struct State;
  explicit Detector(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shrike
