// Harnesses of the parsers that need a few lines each, and their seeds.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "formats/names_literal.h"
#include "formats/npy.h"
#include "formats/safetensors.h"
#include "harness.h"
#include "memory_file.h"
#include "seeds.h"
#include "vision/decode.h"

namespace shrike::fuzz {

void run_names(Bytes input) {
  const std::string_view text = as_text(input);
  if (const auto parsed = parse_names(text); has_value(parsed)) {
    require(parsed->size() <= kMaxClasses, "names are at most kMaxClasses");
    const auto again = parse_names(write_names(*parsed));
    require(again && *again == *parsed, "names that are written read back");
  }
  if (const auto size = parse_image_size(text); has_value(size)) {
    const auto again = parse_image_size(write_image_size(*size));
    require(again && *again == *size, "a size that is written reads back");
  }
  if (const auto stride = parse_stride(text); has_value(stride))
    require(*stride >= 1 && *stride <= 4096, "strides are 1 to 4096");
  (void)has_value(read_names_file(MemoryFile(text).path()));
}

std::vector<std::string> names_seeds() {
  return {"{0: 'person', 1: \"driver's seat\", 2: 'caf\\u00e9'}",
          "['person', 'car', '\\x41\\n\\U0001F600']",
          "{\"0\": \"a\", \"1\": \"b\\\\\"}",
          "[480, 640]",
          "(480, 640)",
          "640",
          "[8, 16, 32]",
          "person\r\ncar\n\n"};
}

void run_npy(Bytes input) {
  const Result<Tensor> read = read_npy(input, nullptr, "fuzz.npy");
  if (!has_value(read))
    return require(read.error().message.find("fuzz.npy") != std::string::npos,
                   "an error names the file");
  const std::string written = write_npy(*read);
  const Result<Tensor> again = read_npy(std::as_bytes(std::span(written)), nullptr, "again");
  require(again && *again == *read, "an array that is written reads back");
}

std::vector<std::string> npy_seeds() {
  std::vector<std::string> seeds;
  for (const DTypeInfo& info : kDTypes) seeds.push_back(write_npy(Tensor(info.type, Shape{2, 3})));
  seeds.push_back(write_npy(Tensor::scalar(1.0f)));
  seeds.push_back(write_npy(Tensor(DType::kF32, Shape{0, 5})));
  std::string second = seeds[0];  // version 2: four bytes of length
  second.replace(6, 4, std::string("\x02\x00\x76\x00\x00\x00", 6));
  seeds.push_back(second);
  return seeds;
}

namespace {

std::string safetensors_file(std::span<const NamedTensor> tensors,
                             const std::map<std::string, std::string>& metadata) {
  std::string file = safetensors_header(tensors, metadata);
  for (const NamedTensor& item : tensors) {
    const std::span<const std::byte> bytes = item.tensor.bytes();
    file.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return file;
}

}  // namespace

void run_safetensors(Bytes input) {
  const auto owner = std::make_shared<const std::vector<std::byte>>(input.begin(), input.end());
  const Result<Safetensors> read = read_safetensors(*owner, owner, "fuzz.safetensors");
  if (!has_value(read))
    return require(read.error().message.find("fuzz.safetensors") != std::string::npos,
                   "an error names the file");
  const std::string written = safetensors_file(read->tensors, read->metadata);
  const auto bytes = std::as_bytes(std::span(written));
  const Result<Safetensors> again = read_safetensors(bytes, nullptr, "again");
  require(again && again->metadata == read->metadata &&
              again->tensors.size() == read->tensors.size(),
          "a file that is written reads back");
}

std::vector<std::string> safetensors_seeds() {
  std::vector<NamedTensor> tensors = {{"empty", Tensor(DType::kF32, Shape{0, 5})},
                                      {"scalar", Tensor::scalar(1.5)}};
  for (const DTypeInfo& info : kDTypes)
    tensors.push_back({std::string(info.name), Tensor(info.type, Shape{2, 3})});
  return {safetensors_file(tensors, {{"format", "pt"}}), safetensors_file({}, {}),
          safetensors_file(std::span(tensors).first(2), {})};
}

void run_picture(Bytes input) {
  constexpr int64_t kMostPixels = 1 << 20;
  const DecodeLimits limits{.max_pixels = kMostPixels};
  const auto size = read_picture_size(MemoryFile(as_text(input)).path(), limits);
  const Result<Image> image = decode_image(input, limits);
  if (!has_value(image)) return;
  // Damaged EXIF blocks may turn it in one of the two alone.
  const PictureSize upright{image->width(), image->height()}, turned{upright.height, upright.width};
  require(!size || *size == upright || *size == turned,
          "the header's sides are those of the picture");
  const int64_t pixels = int64_t{image->width()} * image->height();
  require(pixels >= 1 && pixels <= kMostPixels, "pictures keep to the limit");
  require(image->bytes().size() == static_cast<size_t>(3 * pixels), "three bytes a pixel");
}

namespace {

std::vector<std::string> pictures(std::initializer_list<std::string_view> endings) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(SHRIKE_SOURCE_DIR "/src/vision/testdata"))
    for (const std::string_view ending : endings)
      if (entry.path().extension() == ending) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

}  // namespace

std::vector<std::string> jpeg_seeds() { return pictures({".jpg"}); }
std::vector<std::string> png_seeds() { return pictures({".png"}); }
std::vector<std::string> webp_seeds() { return pictures({".webp"}); }
std::vector<std::string> bmp_seeds() { return pictures({".bmp"}); }
std::vector<std::string> pnm_seeds() { return pictures({".pbm", ".pgm", ".ppm"}); }

}  // namespace shrike::fuzz
