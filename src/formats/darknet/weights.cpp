#include "formats/darknet/weights.h"

#include <cstring>

#include "base/mapped_part.h"
#include "base/memory.h"

namespace shrike::darknet {

namespace {

int32_t read_int32(std::span<const std::byte> bytes, size_t offset) {
  int32_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string floats_and_bytes(int64_t floats) {
  return std::to_string(floats) + " floats (" + std::to_string(floats * 4) + " bytes)";
}

}  // namespace

Result<Weights> Weights::open(const std::filesystem::path& path) {
  SHRIKE_ASSIGN(std::shared_ptr<const MappedFile> file, MappedFile::open(path, ErrorKind::kModel));
  const std::span<const std::byte> bytes = file->bytes();
  constexpr size_t kVersions = 3 * sizeof(int32_t);
  const auto fail = [&](const std::string& why) {
    return model_error("cannot read " + path.string() + ": " + why);
  };
  if (bytes.size() < kVersions) return fail("cut short inside the header");
  const int64_t major = read_int32(bytes, 0), minor = read_int32(bytes, 4);
  // No released Darknet wrote other numbers; what says otherwise is another kind of file.
  if (major < 0 || major > 1000 || minor < 0 || minor > 1000)
    return fail("no Darknet weights (version " + std::to_string(major) + "." +
                std::to_string(minor) + ")");
  const bool wide = major * 10 + minor >= 2 && major < 1000 && minor < 1000;
  const size_t header = kVersions + (wide ? sizeof(int64_t) : sizeof(int32_t));
  if (bytes.size() < header) return fail("cut short inside the header");
  return Weights(path, std::move(file), header);
}

std::optional<Tensor> Weights::take(const Shape& shape) {
  const int64_t count = *shape.element_count();
  wanted_ += count;
  if (!file_) {
    Result<Tensor> zeros = Tensor::make(DType::kF32, shape);
    if (zeros && missing_ == 0) return *std::move(zeros);
    missing_ += count;
    return std::nullopt;
  }
  const std::span<const std::byte> rest = file_->bytes().subspan(at_);
  const auto available = static_cast<int64_t>(rest.size() / sizeof(float));
  if (missing_ > 0 || count > available) {
    missing_ += missing_ > 0 ? count : count - available;
    return std::nullopt;
  }
  const size_t size = static_cast<size_t>(count) * sizeof(float);
  const std::span<const std::byte> part = rest.first(size);
  Result<Tensor> tensor = Tensor::borrow(DType::kF32, shape, part, share_part(file_, part));
  if (!tensor) return std::nullopt;
  at_ += size;
  return *std::move(tensor);
}

Result<void> Weights::finish() const {
  if (!file_) return missing_ == 0 ? Result<void>() : out_of_memory("making room for the weights");
  const std::string needs = "the network needs " + floats_and_bytes(wanted_);
  if (missing_ > 0)
    return model_error("cannot read " + path_.string() + ": " + needs + ", " +
                       floats_and_bytes(missing_) + " are missing");
  const size_t left = file_->bytes().size() - at_;
  if (left == 0) return {};
  return model_error("cannot read " + path_.string() + ": " + needs + ", " +
                     std::to_string(left / sizeof(float)) + " floats (" + std::to_string(left) +
                     " bytes) are left over");
}

}  // namespace shrike::darknet
