#include "detect/detector.h"

#include <shrike/shrike.h>

#include <exception>
#include <new>

#include "api/options.h"
#include "api/pixels.h"
#include "base/excerpt.h"
#include "formats/model.h"
#include "vision/class_name.h"
#include "vision/decode.h"

namespace shrike::v0 {

namespace {

// What `work` returns; an exception, which can only be the C++ library's, as an error. Messages are
// one line, whatever the files are called.
template <typename Work>
auto at_the_edge(const Work& work) -> decltype(work()) {
  try {
    auto result = work();
    if (!result) return Error{result.error().kind, printable(result.error().message)};
    return result;
  } catch (const std::bad_alloc&) {
    return runtime_error("not enough memory");
  } catch (const std::exception& error) {
    return runtime_error(error.what());
  }
}

}  // namespace

struct Detector::State {
  shrike::Detector detector;

  Result<Detections> detect(const Image& image, const DetectOptions& options) {
    const std::vector<std::string>& names = detector.names();
    SHRIKE_ASSIGN(const shrike::DetectOptions wanted, checked(options, names.size()));
    SHRIKE_ASSIGN(const shrike::Detections found, detector.detect(image, wanted));
    Detections result{{image.width(), image.height()}, {}};
    result.boxes.reserve(found.boxes.size());
    for (const shrike::Detection& d : found.boxes)
      result.boxes.push_back({{d.box.x1, d.box.y1, d.box.x2, d.box.y2},
                              d.confidence,
                              d.class_id,
                              class_name(names, d.class_id)});
    return result;
  }
};

Detector::Detector(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Detector::Detector(Detector&& other) noexcept = default;
Detector& Detector::operator=(Detector&& other) noexcept = default;
Detector::~Detector() = default;

Result<Detector> Detector::load(const std::filesystem::path& model, const LoadOptions& options) {
  return at_the_edge([&]() -> Result<Detector> {
    SHRIKE_ASSIGN(const shrike::LoadOptions wanted, checked(options));
    SHRIKE_ASSIGN(Graph graph, load_model({model, options.weights}));
    SHRIKE_ASSIGN(shrike::Detector detector,
                  shrike::Detector::create(std::move(graph), model.string(), wanted));
    return Detector(std::make_unique<State>(State{std::move(detector)}));
  });
}

Result<Detections> Detector::detect_file(const std::filesystem::path& picture,
                                         const DetectOptions& options) {
  return at_the_edge([&]() -> Result<Detections> {
    SHRIKE_ASSIGN(const Image image, read_image(picture));
    return state_->detect(image, options);
  });
}

Result<Detections> Detector::detect_pixels(const Pixels& picture, const DetectOptions& options) {
  return at_the_edge([&]() -> Result<Detections> {
    SHRIKE_ASSIGN(const Image image, to_image(picture));
    return state_->detect(image, options);
  });
}

const std::vector<std::string>& Detector::class_names() const noexcept {
  return state_->detector.names();
}

bool Detector::class_names_known() const noexcept { return state_->detector.names_known(); }

Size Detector::input_size() const noexcept {
  const auto [height, width] = state_->detector.input_size();
  return {width, height};
}

}  // namespace shrike::v0
