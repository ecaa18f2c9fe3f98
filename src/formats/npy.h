// NumPy's .npy files, format versions 1 to 3, little-endian, C order.
// The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "base/tensor.h"

namespace shrike {

// Every element type of base/dtype.h. Errors (kInput) name the file: not a .npy, Fortran order,
// big-endian, another element type, fewer or more bytes than the shape needs.
Result<Tensor> read_npy(const std::filesystem::path& path);

// The same of bytes that `owner` keeps alive (null: the tensor copies).
Result<Tensor> read_npy(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                        const std::string& source);

// Version 1, the data at a multiple of 64 as NumPy itself writes it.
std::string write_npy(const Tensor& tensor);
Result<void> save_npy(const Tensor& tensor, const std::filesystem::path& path);

}  // namespace shrike
