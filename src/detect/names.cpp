#include "detect/names.h"

#include <string_view>

#include "formats/names_literal.h"
#include "vision/class_name.h"

namespace shrike {

namespace {

// The 80 categories of COCO 2017 detection, in the order every YOLO trained on it numbers them
// (Lin et al. 2014, arXiv 1405.0312).
constexpr std::string_view kCoco[] = {"person",        "bicycle",      "car",
                                      "motorcycle",    "airplane",     "bus",
                                      "train",         "truck",        "boat",
                                      "traffic light", "fire hydrant", "stop sign",
                                      "parking meter", "bench",        "bird",
                                      "cat",           "dog",          "horse",
                                      "sheep",         "cow",          "elephant",
                                      "bear",          "zebra",        "giraffe",
                                      "backpack",      "umbrella",     "handbag",
                                      "tie",           "suitcase",     "frisbee",
                                      "skis",          "snowboard",    "sports ball",
                                      "kite",          "baseball bat", "baseball glove",
                                      "skateboard",    "surfboard",    "tennis racket",
                                      "bottle",        "wine glass",   "cup",
                                      "fork",          "knife",        "spoon",
                                      "bowl",          "banana",       "apple",
                                      "sandwich",      "orange",       "broccoli",
                                      "carrot",        "hot dog",      "pizza",
                                      "donut",         "cake",         "chair",
                                      "couch",         "potted plant", "bed",
                                      "dining table",  "toilet",       "tv",
                                      "laptop",        "mouse",        "remote",
                                      "keyboard",      "cell phone",   "microwave",
                                      "oven",          "toaster",      "sink",
                                      "refrigerator",  "book",         "clock",
                                      "vase",          "scissors",     "teddy bear",
                                      "hair drier",    "toothbrush"};

}  // namespace

Result<ClassNames> class_names(const Graph& graph, int64_t classes,
                               const std::vector<std::string>& given) {
  const auto count = static_cast<size_t>(classes);
  if (!given.empty()) {
    if (given.size() != count)
      return input_error(std::to_string(given.size()) + " class names were given, the model has " +
                         std::to_string(count) + " classes");
    return ClassNames{given, true};
  }
  if (const auto found = graph.metadata.find("names"); found != graph.metadata.end())
    if (Result<std::vector<std::string>> names = parse_names(found->second);
        names && names->size() == count)
      return ClassNames{*std::move(names), true};
  if (count == std::size(kCoco)) return ClassNames{{std::begin(kCoco), std::end(kCoco)}, false};
  ClassNames numbers;
  for (size_t i = 0; i < count; ++i) numbers.names.push_back(class_name({}, static_cast<int>(i)));
  return numbers;
}

}  // namespace shrike
