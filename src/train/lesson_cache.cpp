#include "train/lesson_cache.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "ir/text.h"

namespace shrike::train {

namespace {

namespace fs = std::filesystem;

constexpr size_t kDigest = 64;  // characters in front of the floats

std::string digest_of(const std::string& key, std::span<const char> floats) {
  Sha256 sum;
  sum.update(std::as_bytes(std::span(key)));
  sum.update(std::as_bytes(floats));
  return sum.hex_digest();
}

std::string digest_of(const Graph& network) {
  Sha256 sum;
  const std::string text = print_graph(network, {.elide_over = 0});
  sum.update(std::as_bytes(std::span(text)));
  for (const Value& value : network.values)
    if (value.constant) sum.update(value.constant->bytes());
  return sum.hex_digest();
}

size_t bytes_in(const fs::path& folder) {
  size_t bytes = 0;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, none))
    if (const uintmax_t size = entry.file_size(none); !none) bytes += size;
  return bytes;
}

size_t bytes_of(std::span<const Shape> shapes) {
  size_t bytes = 0;
  for (const Shape& shape : shapes)
    bytes += sizeof(float) * static_cast<size_t>(*shape.element_count());
  return bytes;
}

}  // namespace

LessonCache::LessonCache(fs::path folder, const Graph& network, size_t most_bytes,
                         size_t spared_bytes)
    : folder_(std::move(folder)), network_(digest_of(network)), spared_(spared_bytes) {
  left_ = most_bytes - std::min(most_bytes, bytes_in(folder_));
}

std::string LessonCache::key(const Batch& batch, size_t picture) const {
  Sha256 sum;
  const std::string head =
      network_ + " " + std::to_string(batch.width) + "x" + std::to_string(batch.height);
  sum.update(std::as_bytes(std::span(head)));
  sum.update(std::as_bytes(batch.picture(picture)));
  return sum.hex_digest();
}

std::vector<Tensor> LessonCache::find(const std::string& key, std::span<const Shape> shapes) const {
  const fs::path file = folder_ / key;
  std::error_code none;
  if (!fs::exists(file, none)) return {};
  const size_t bytes = bytes_of(shapes);
  const Result<std::string> text = read_text(file, ErrorKind::kRuntime, kDigest + bytes);
  if (!text || text->size() != kDigest + bytes) return {};
  std::span<const char> content = std::span(*text).subspan(kDigest);
  if (digest_of(key, content) != std::string_view(*text).substr(0, kDigest)) return {};
  std::vector<Tensor> outputs;
  for (const Shape& shape : shapes) {
    Tensor& output = outputs.emplace_back(DType::kF32, shape);
    const std::span<float> values = output.mutable_data<float>();
    std::memcpy(values.data(), content.data(), values.size_bytes());
    content = content.subspan(values.size_bytes());
  }
  return outputs;
}

void LessonCache::keep(const std::string& key, std::span<const Tensor> outputs) {
  std::string content(kDigest, ' ');
  for (const Tensor& output : outputs)
    content.append(reinterpret_cast<const char*>(output.bytes().data()), output.bytes().size());
  size_t left = left_;
  do {
    if (content.size() > left) return;
  } while (!left_.compare_exchange_weak(left, left - content.size()));
  const std::string digest = digest_of(key, std::span(content).subspan(kDigest));
  std::copy(digest.begin(), digest.end(), content.begin());
  std::error_code unknown;
  if (fs::space(folder_.parent_path(), unknown).available < spared_ + content.size()) {
    const std::lock_guard lock(mutex_);
    if (!failed_) left_ += content.size();
    return;
  }
  Result<void> kept = make_folders(folder_);
  if (kept) {
    kept = write_file(folder_ / key, content);
    if (kept) return;
    fs::remove_all(folder_, unknown);
  }
  const std::lock_guard lock(mutex_);
  left_ = 0;
  if (!failed_) trouble_ = kept.error().message;
  failed_ = true;
}

std::string LessonCache::take_trouble() {
  const std::lock_guard lock(mutex_);
  return std::exchange(trouble_, {});
}

}  // namespace shrike::train
