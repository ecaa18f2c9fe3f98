// What is known of the rows that a convolution's weights are multiplied with (patches.h): their
// mean and the products of their values, sums over any number of rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.h"

namespace shrike {

class Moments {
 public:
  explicit Moments(int64_t size)
      : size_(size),
        sums_(static_cast<size_t>(size)),
        products_(static_cast<size_t>(size * size)) {}

  // Rows of size() values, one behind the other.
  void add(std::span<const float> rows, ThreadPool& pool);

  int64_t size() const { return size_; }
  int64_t rows() const { return rows_; }

  double mean(int64_t i) const { return sums_[static_cast<size_t>(i)] / count(); }
  // The mean over the rows of (x[i] - mean(i)) * (x[j] - mean(j)).
  double covariance(int64_t i, int64_t j) const {
    return static_cast<double>(products_[static_cast<size_t>(i * size_ + j)]) / count() -
           mean(i) * mean(j);
  }

 private:
  double count() const { return static_cast<double>(rows_ > 0 ? rows_ : 1); }

  int64_t size_, rows_ = 0;
  std::vector<double> sums_;
  std::vector<float> products_;  // (size, size)
};

}  // namespace shrike
