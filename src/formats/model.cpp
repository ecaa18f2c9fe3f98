#include "formats/model.h"

#include <algorithm>
#include <cctype>
#include <new>
#include <system_error>

#include "base/file.h"
#include "base/file_name.h"
#include "base/memory.h"
#include "formats/darknet_reader.h"
#include "formats/onnx_reader.h"
#include "ir/verify.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

enum class Kind { kOnnx, kCfg, kWeights };

// Files that people hand over by mistake, by what they start with.
struct Foreign {
  size_t offset;
  std::string_view magic;
  std::string_view what;
};
constexpr Foreign kForeign[] = {
    {0, "PK\x03\x04",
     "a PyTorch file (.pt) or another zip archive; export the model to ONNX first"},
    {0, "\x80\x02", "a Python pickle (.pt); export the model to ONNX first"},
    {4, "TFL3", "a TensorFlow Lite model; export the original to ONNX instead"},
    {0, "ftrt", "a TensorRT engine; use the ONNX file it was built from"},
    {0, "\x89HDF", "a Keras model (HDF5); export the model to ONNX first"},
    {0, "<?xml", "an XML file (OpenVINO's?); use the ONNX file it was made from"},
    {0, "7767517", "an ncnn model; use the ONNX file it was made from"},
    {0, "GGUF", "a GGUF file, no detector"},
    {0, "version https://git-lfs", "a Git LFS pointer, not the model; fetch it with git lfs pull"},
    {0, "<!DOCTYPE", "a web page, not a model; was the download whole?"},
    {0, "<html", "a web page, not a model; was the download whole?"},
};

// The same for formats without a mark of their own, by ending.
struct ForeignEnding {
  std::string_view ending;
  std::string_view what;
};
constexpr ForeignEnding kForeignEndings[] = {
    {".engine", "a TensorRT engine; use the ONNX file it was built from"},
    {".trt", "a TensorRT engine; use the ONNX file it was built from"},
    {".pb", "a TensorFlow graph; export the model to ONNX first"},
    {".safetensors", "weights without their network; export the model to ONNX first"},
    {".mlmodel", "a Core ML model; export the original to ONNX instead"},
};

std::string_view foreign(std::string_view bytes, const std::string& ending) {
  for (const Foreign& row : kForeign)
    if (bytes.size() > row.offset && bytes.substr(row.offset).starts_with(row.magic))
      return row.what;
  for (const ForeignEnding& row : kForeignEndings)
    if (row.ending == ending) return row.what;
  return {};
}

// Whether the first line that is neither blank nor a comment opens a [net] section.
bool looks_like_cfg(std::string_view text) {
  while (true) {
    const size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return false;
    text.remove_prefix(start);
    if (text[0] != '#' && text[0] != ';') return text.starts_with("[net");
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
}

// ONNX files start with the field ir_version, Darknet's weights with three small version numbers.
bool looks_like_onnx(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == 0x08 && bytes[1] > 0 && bytes[1] < 64;
}
bool looks_like_weights(std::string_view bytes) {
  return bytes.size() >= 16 && bytes[0] == 0 && bytes.substr(1, 3) == std::string_view("\0\0\0", 3);
}

Result<Kind> find_kind(const fs::path& path) {
  SHRIKE_ASSIGN(const std::shared_ptr<const MappedFile> file,
                MappedFile::open(path, ErrorKind::kModel));
  const auto fail = [&](std::string_view why) {
    return model_error("cannot read " + path.string() + ": " + std::string(why));
  };
  const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                               file->bytes().size());
  if (bytes.empty()) return fail("the file is empty");
  const std::string ending = lower_ending(path);
  if (const std::string_view what = foreign(bytes, ending); !what.empty())
    return fail("it is " + std::string(what));
  if (ending == ".onnx") return Kind::kOnnx;
  if (ending == ".cfg") return Kind::kCfg;
  if (ending == ".weights") return Kind::kWeights;
  if (looks_like_cfg(bytes)) return Kind::kCfg;
  if (looks_like_onnx(bytes)) return Kind::kOnnx;
  if (looks_like_weights(bytes)) return Kind::kWeights;
  return fail("it is neither an ONNX model nor a Darknet one");
}

// `path` with another ending, in capitals where only that file is there.
fs::path named_beside(fs::path path, std::string ending) {
  const fs::path small = path.replace_extension(ending);
  for (char& c : ending) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const fs::path capital = path.replace_extension(ending);
  std::error_code error;
  return !fs::exists(small, error) && fs::exists(capital, error) ? capital : small;
}

// The other file of a Darknet pair, beside `path`.
Result<fs::path> partner(const fs::path& path, Kind kind) {
  const fs::path other = named_beside(path, kind == Kind::kCfg ? ".weights" : ".cfg");
  std::error_code error;
  if (fs::exists(other, error)) return other;
  return model_error("cannot read " + path.string() + ": a Darknet model needs a " +
                     other.extension().string().substr(1) + " file too, and " + other.string() +
                     " is not there");
}

Result<Graph> load_one(const fs::path& path, std::vector<fs::path>& others) {
  SHRIKE_ASSIGN(const Kind kind, find_kind(path));
  if (kind == Kind::kOnnx) return read_onnx(path, &others);
  SHRIKE_ASSIGN(const fs::path other, partner(path, kind));
  others = {other};
  return kind == Kind::kCfg ? read_darknet(path, other) : read_darknet(other, path);
}

Result<Graph> load_pair(const fs::path& a, const fs::path& b) {
  SHRIKE_ASSIGN(const Kind first, find_kind(a));
  SHRIKE_ASSIGN(const Kind second, find_kind(b));
  if (first == Kind::kCfg && second == Kind::kWeights) return read_darknet(a, b);
  if (first == Kind::kWeights && second == Kind::kCfg) return read_darknet(b, a);
  return model_error("cannot read " + a.string() + " and " + b.string() +
                     " as one model: two files must be a Darknet .cfg and its .weights");
}

}  // namespace

fs::path darknet_partner(const fs::path& path) {
  const std::string ending = lower_ending(path);
  if (ending == ".cfg") return named_beside(path, ".weights");
  if (ending == ".weights") return named_beside(path, ".cfg");
  return {};
}

Result<Graph> load_model(const ModelFiles& files, std::vector<fs::path>* read) {
  try {
    std::vector<fs::path> others = {files.second};
    SHRIKE_ASSIGN(Graph graph, files.second.empty() ? load_one(files.path, others)
                                                    : load_pair(files.path, files.second));
    others.push_back(files.path);
    if (read) *read = std::move(others);
    if (Result<void> status = verify(graph); !status)
      return in_context("cannot use " + files.path.string(), status.error());
    return graph;
  } catch (const std::bad_alloc&) {
    return out_of_memory("cannot read " + files.path.string());
  }
}

}  // namespace shrike
