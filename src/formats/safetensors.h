// Safetensors: named tensors in one file. Eight bytes that say how long a JSON header is, the
// header with each tensor's type, shape and place, and behind it the bytes, without gaps. The
// format: github.com/huggingface/safetensors, "Format".
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/tensor.h"

namespace shrike {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

struct Safetensors {
  std::vector<NamedTensor> tensors;             // in the order of their bytes
  std::map<std::string, std::string> metadata;  // free text, "__metadata__" in the file
};

// Errors (kInput) name the file: no header, an element type that base/dtype.h does not have,
// tensors that overlap, leave gaps or lie outside. The tensors share the mapped file.
Result<Safetensors> read_safetensors(const std::filesystem::path& path);

// The same of bytes that `owner` keeps alive.
Result<Safetensors> read_safetensors(std::span<const std::byte> bytes,
                                     std::shared_ptr<const void> owner, const std::string& source);

// The file but for the tensors' bytes, which follow in their order. Requires names that differ,
// none of them "__metadata__". Where larger elements come first every tensor is aligned.
std::string safetensors_header(std::span<const NamedTensor> tensors,
                               const std::map<std::string, std::string>& metadata = {});

}  // namespace shrike
