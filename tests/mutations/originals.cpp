#include "originals.h"

#include <algorithm>

#include "base/file.h"
#include "darknet_net.h"
#include "harness.h"
#include "seeds.h"
#include "vision/encode.h"

namespace shrike::mutations {

namespace fs = std::filesystem;

namespace {

constexpr int kSide = 48;

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

  void add_small() {
    for (const fs::path& model : models_) add_model(model);
    add_pair(cfg_, folder_ / "net.weights");
    for (const fs::path& picture : files_in(SHRIKE_PICTURES)) add_picture(picture);
  }

  void add_real(const fs::path& shared) {
    for (const fs::path& file : files_in(shared / "models")) {
      if (file.extension() == ".onnx") add_model(file);
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
  void add_model(const fs::path& model) {
    switch (all_.size() % 4) {
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
  all.add_small();
  all.add_real(shared);
  return all.take();
}

}  // namespace shrike::mutations
