#include "base/finite.h"

#include <cstdint>
#include <cstring>

namespace shrike {

namespace {

// Infinities and NaN have all bits of the exponent. Without branches, for the vectoriser.
template <typename Bits>
bool all_finite_bits(const std::byte* bytes, size_t count, Bits exponent) {
  Bits wrong = 0;
  for (size_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, bytes + i * sizeof(Bits), sizeof(Bits));
    wrong |= static_cast<Bits>((bits & exponent) == exponent);
  }
  return wrong == 0;
}

}  // namespace

bool all_finite(std::span<const float> values) {
  return all_finite_bits(std::as_bytes(values).data(), values.size(), uint32_t{0x7f800000});
}

bool all_finite(const Tensor& tensor) {
  const std::span<const std::byte> bytes = tensor.bytes();
  if (tensor.dtype() == DType::kF32)
    return all_finite_bits(bytes.data(), bytes.size() / 4, uint32_t{0x7f800000});
  if (tensor.dtype() == DType::kF16)
    return all_finite_bits(bytes.data(), bytes.size() / 2, uint16_t{0x7c00});
  if (tensor.dtype() == DType::kF64)
    return all_finite_bits(bytes.data(), bytes.size() / 8, uint64_t{0x7ff0000000000000});
  return true;
}

}  // namespace shrike
