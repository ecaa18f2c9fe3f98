// Shrike's interface for programs: a model file and a picture in, boxes out, the same as those of
// the command `shrike detect`.
//
//   shrike::Result<shrike::Detector> detector = shrike::Detector::load("yolo11n.onnx");
//   if (!detector) return complain(detector.error().message);
//   const shrike::Result<shrike::Detections> found = detector->detect_file("street.jpg");
//   if (!found) return complain(found.error().message);
//   for (const shrike::Detection& d : found->boxes) use(d.class_name, d.confidence, d.box);
//
// Lengths are in pixels, confidences and overlaps 0..1. What is returned owns what it holds; what
// is passed in is not kept.
//
// Errors: every function that can fail returns a Result (shrike/result.h); none throws, prints or
// ends the program.
//
// Stability: below 1.0 a new minor version may change this header; the library's soname then
// changes with it. Fields are added to the options at their end, so set them by name.
#pragma once

#include <shrike/result.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#define SHRIKE_API __attribute__((visibility("default")))

namespace shrike {

// Programs write shrike::Detector. The library's own sources, which have private names in namespace
// shrike, define SHRIKE_INSIDE and write v0::Detector.
#ifndef SHRIKE_INSIDE
inline
#endif
    namespace v0 {

// "0.1.0": the version of the library that is running. Lives as long as the program.
SHRIKE_API const char* version() noexcept;

// Width first, as pictures are told; `--imgsz` and ONNX have height first.
struct Size {
  int width = 0, height = 0;
};

// What the model's raw output means. kAuto recognises it in nearly every model; an error of kModel
// asks for one of the others where it does not. N pictures, A or R boxes, nc classes:
enum class OutputLayout {
  kAuto,
  kV8,        // (N, 4+nc, A): cx, cy, w, h, scores
  kV5,        // (N, A, 5+nc): cx, cy, w, h, objectness, scores
  kYolox,     // (N, A, 5+nc): grid offsets and log sizes, objectness, scores
  kEndToEnd,  // (N, R, 6): x1, y1, x2, y2, score, class
};

// How a picture is placed in the network's input. kAuto: as models of this kind are trained.
enum class Placement { kAuto, kLetterbox, kStretch, kDarknetLetterbox, kYolox };

struct LoadOptions {
  // The .weights of a .cfg, where they lie elsewhere.
  std::filesystem::path weights = {};
  // Of the network; the model's own when absent.
  std::optional<Size> input_size = std::nullopt;
  // Of the network; 0: every core this process may use.
  int threads = 0;
  // Instead of the model's; empty: the model's.
  std::vector<std::string> class_names = {};
  OutputLayout layout = OutputLayout::kAuto;
  Placement placement = Placement::kAuto;
};

struct DetectOptions {
  // Least confidence of a box.
  float confidence = 0.25f;
  // Overlap from which the weaker of two boxes goes; when absent what the model's file or its
  // family says.
  std::optional<float> iou = std::nullopt;
  // Most boxes of a picture, 1..30000.
  int max_detections = 300;
  // Boxes of different classes compete, too.
  bool agnostic = false;
  // Only these classes; empty: all.
  std::vector<int> class_ids = {};
};

// Left, top, right and bottom edge in pixels of the picture, from its upper left corner, within
// the picture. Edges are continuous: the pixel in column x covers x to x + 1.
struct Box {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

struct Detection {
  Box box;
  float confidence = 0;
  // From 0. Not always an index into Detector::class_names(): a model that ends in rows of its own
  // may say any class. class_name is then "class 7".
  int class_id = 0;
  std::string class_name;
};

struct Detections {
  Size picture;
  std::vector<Detection> boxes;  // highest confidence first
};

// The bytes of a pixel, in the order they lie in memory; alpha is ignored. There is no default.
enum class PixelFormat { kRgb = 1, kBgr, kRgba, kBgra, kGrey };

// Somebody else's picture in memory, 8 bits a channel, top row first. The bytes must stay readable
// and unchanged for as long as the call they are passed to.
struct Pixels {
  const std::uint8_t* data = nullptr;  // the upper left pixel
  int width = 0, height = 0;           // at most 100 million pixels
  PixelFormat format = {};
  std::ptrdiff_t row_bytes = 0;  // from one row's start to the next; 0: rows lie without gaps
};

// A model, ready to look at pictures. One thread at a time may use a Detector; different Detectors
// are independent. Each runs its network on threads of its own. One that was moved from may only
// be assigned to or destroyed.
class SHRIKE_API Detector {
 public:
  // From an .onnx, or a Darknet .cfg with its .weights beside it. Thread-safe. Errors: kModel for a
  // file that cannot be read or run, kUsage for an option that makes no sense or does not fit the
  // model, kInput where class_names are not as many as the model's classes, kRuntime.
  static Result<Detector> load(const std::filesystem::path& model, const LoadOptions& options = {});

  Detector(Detector&& other) noexcept;
  Detector& operator=(Detector&& other) noexcept;
  ~Detector();

  // JPEG, PNG, WebP, BMP or PNM, EXIF orientation applied. Errors: kInput for a picture that cannot
  // be read, kUsage for an option that makes no sense, kRuntime.
  Result<Detections> detect_file(const std::filesystem::path& picture,
                                 const DetectOptions& options = {});

  // Errors: kUsage for an option or a description of the pixels that makes no sense, kRuntime.
  Result<Detections> detect_pixels(const Pixels& picture, const DetectOptions& options = {});

  // One a class; valid until the Detector is destroyed, moved from or assigned to.
  const std::vector<std::string>& class_names() const noexcept;
  // False where neither the model nor the caller names the classes: COCO's names (80 classes) or
  // "class 7" stand in.
  bool class_names_known() const noexcept;
  Size input_size() const noexcept;  // of the network

 private:
  struct State;
  explicit Detector(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace shrike
