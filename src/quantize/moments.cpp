#include "quantize/moments.h"

#include "quantize/products.h"

namespace shrike {

namespace {

// Up to here the products are summed here: a call of a kernel would take longer.
constexpr int64_t kFew = 32;

}  // namespace

void Moments::add(std::span<const float> rows, ThreadPool& pool) {
  const auto size = static_cast<size_t>(size_);
  const int64_t count = static_cast<int64_t>(rows.size()) / size_;
  for (size_t at = 0; at < rows.size(); at += size)
    for (size_t i = 0; i < size; ++i) sums_[i] += static_cast<double>(rows[at + i]);
  rows_ += count;
  if (size_ <= kFew) {
    for (size_t at = 0; at < rows.size(); at += size)
      for (size_t i = 0; i < size; ++i)
        for (size_t j = 0; j < size; ++j) products_[i * size + j] += rows[at + i] * rows[at + j];
    return;
  }
  std::vector<float> sums(products_.size());
  const MatrixPart x{rows.data(), count, size_, size_};
  multiply(x.transposed(), x, sums.data(), size_, pool);
  for (size_t i = 0; i < sums.size(); ++i) products_[i] += sums[i];
}

}  // namespace shrike
