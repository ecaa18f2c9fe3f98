#include "originals.h"

#include <algorithm>

#include "base/file.h"
#include "darknet_net.h"
#include "detect/detector.h"
#include "formats/model.h"
#include "formats/onnx_writer.h"
#include "harness.h"
#include "ir/infer.h"
#include "seeds.h"
#include "vision/decode.h"
#include "vision/encode.h"

namespace shrike::mutations {

namespace fs = std::filesystem;

namespace {

constexpr int kSide = 48;

// Whether it can be shown a picture: of other models `detect` refuses the sound file, too.
bool detects(const fs::path& model) {
  Result<Graph> graph = load_model({.path = model, .second = {}});
  if (!graph) return false;
  LoadOptions options;
  options.threads = 1;
  return Detector::create(*std::move(graph), model.string(), options).ok();
}

class Originals {
 public:
  explicit Originals(const fs::path& folder) : folder_(folder) {
    Image image(kSide, kSide);
    for (size_t i = 0; i < image.bytes().size(); ++i)
      image.bytes()[i] = static_cast<uint8_t>(i * 7);
    picture_ = folder / "sound.png";
    fuzz::require(!!write_image(picture_, image), "a picture can be written");
    int number = 0;
    for (const std::string& bytes : fuzz::onnx_seeds())
      models_.push_back(write("seed_" + std::to_string(number++) + ".onnx", bytes));
    write("net.weights", fuzz::darknet_weights_bytes(fuzz::kDarknetNetFloats));
    cfg_ = write("net.cfg", fuzz::kDarknetNet);
    detector_ = cfg_;
  }

  // Sound, and made to take long: a chain of nodes, boxes that are all compared at load.
  void add_large() {
    constexpr int kNodes = 100'000;
    Graph chain;
    ValueId x = chain.add_input("images", DType::kF32, Shape{1, 3, 32, 32});
    for (int i = 0; i < kNodes; ++i)
      x = chain.add_node(Unary{i % 2 ? UnaryKind::kIdentity : UnaryKind::kRelu, 0, 0}, {x}, "x");
    chain.outputs = {x};
    add_written("chain.onnx", std::move(chain));

    constexpr int64_t kBoxes = 20'000;
    Tensor corners(DType::kF32, Shape{1, kBoxes, 4});
    for (int64_t i = 0; i < kBoxes; ++i) {
      float* box = corners.mutable_data<float>().data() + 4 * i;
      box[0] = static_cast<float>(2 * i);
      box[2] = box[0] + 1;
      box[3] = 1;
    }
    Graph nms;
    const ValueId boxes = nms.add_constant("boxes", std::move(corners));
    const ValueId scores = nms.add_constant("scores", Tensor(DType::kF32, Shape{1, 4, kBoxes}));
    const ValueId most = nms.add_constant("most", Tensor::from<int64_t>(Shape{1}, {kBoxes}));
    nms.add_input("images", DType::kF32, Shape{1, 3, 32, 32});
    nms.outputs = {nms.add_node(NonMaxSuppression{}, {boxes, scores, most}, "kept")};
    add_written("nms.onnx", std::move(nms));
  }

  void add_small() {
    size_t detectors = 0;
    for (const fs::path& model : models_) {
      const bool detector = detects(model);
      add_model(model, detector);
      detectors += detector;
    }
    fuzz::require(detectors >= 3, "some of the models are detectors");
    add_pair(cfg_, folder_ / "net.weights");
    for (const fs::path& picture : files_in(SHRIKE_PICTURES))
      if (has_picture_name(picture)) add_picture(picture);
  }

  void add_real(const fs::path& shared) {
    for (const fs::path& file : files_in(shared / "models")) {
      if (file.extension() == ".onnx") add_model(file, true);
      if (file.extension() != ".cfg") continue;
      add_pair(file, fs::path(file).replace_extension(".weights"));
    }
    size_t pictures = 0;
    for (const fs::path& file : files_in(shared / "data")) {
      if (file.extension() == ".jpg" && pictures++ < 8) add_picture(file);
    }
  }

  std::vector<Original> take() { return std::move(all_); }

 private:
  static std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code none;
    for (const auto& entry : fs::recursive_directory_iterator(folder, none))
      if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }

  fs::path write(const std::string& name, const std::string& bytes) {
    fuzz::require(!!write_file(folder_ / name, bytes), "a model can be written");
    return folder_ / name;
  }

  void add_written(const std::string& name, Graph graph) {
    const Result<std::string> bytes = infer_shapes(graph) ? write_onnx(graph) : std::string();
    fuzz::require(bytes && !bytes->empty(), "a large model can be written");
    add(write(name, *bytes), {"inspect", "FILE"});
  }

  void add(const fs::path& file, std::vector<std::string> words) {
    all_.push_back({file, std::move(words), {}});
  }

  void add_pair(const fs::path& cfg, const fs::path& weights) {
    const std::vector<std::string> start = {"detect", picture_.string(), "--model"};
    for (const bool is_cfg : {true, false}) {
      std::vector<std::string> words = start;
      words.insert(words.end(), {is_cfg ? "FILE" : cfg.string(), "--weights",
                                 is_cfg ? weights.string() : "FILE"});
      add(is_cfg ? cfg : weights, std::move(words));
      all_.back().partner = is_cfg ? weights : cfg;
    }
  }

  // Each model with one command, in turn.
  void add_model(const fs::path& model, bool detector) {
    switch (all_.size() % (detector ? 4 : 2)) {
      case 0:
        return add(model, {"inspect", "FILE"});
      case 1:
        return add(model, {"convert", "FILE", (folder_ / "out.onnx").string()});
      default:
        return add(model, {"detect", picture_.string(), "--model", "FILE"});
    }
  }

  void add_picture(const fs::path& picture) {
    add(picture, {"detect", "FILE", "--model", detector_.string()});
  }

  const fs::path& folder_;
  fs::path picture_, cfg_, detector_;
  std::vector<fs::path> models_;
  std::vector<Original> all_;
};

}  // namespace

std::vector<Original> originals(const fs::path& folder, const fs::path& shared) {
  Originals all(folder);
  all.add_large();
  all.add_small();
  all.add_real(shared);
  return all.take();
}

}  // namespace shrike::mutations
