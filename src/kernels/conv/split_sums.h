// Strips of split products (split.h): their way into planes, and their products' way out.
#pragma once

#include "kernels/conv/split_geometry.h"

namespace shrike::kernels {

inline constexpr int64_t kSplitSums = kSplitRows * kSplitColumns;  // of a block

// Pixels of sums that wait to be finished, at least, which is done beside a step's products.
inline constexpr int64_t kSplitLeastShare = 4;

// Where some pixels of a row go, and what is added to them.
struct SplitPointers {
  // From (y, x) on, at most kSplitRows.
  SplitPointers(const ConvMaps& maps, bool add, int64_t y, int64_t x, int64_t count) {
    float* output = maps.output.at(y, x);
    for (int64_t i = 0, step = maps.output.pixel_stride; i < count; ++i, output += step)
      outputs[i] = output;
    if (!add) return;
    const float* added = maps.residual.at(y, x);
    for (int64_t i = 0, step = maps.residual.pixel_stride; i < count; ++i, added += step)
      residual[i] = added;
  }

  float* outputs[kSplitRows];
  const float* residual[kSplitRows];
};

// Rows of input on their way into planes, a few pixels at a time.
class Splitter {
 public:
  Splitter(const SplitKernel& kernel, const ConvProblem& problem, const ConstMapView& input,
           const SplitPlanes& planes)
      : kernel_(kernel), problem_(problem), input_(input), planes_(planes) {}

  // What rows [first, first + rows) of the output read, into `target`.
  void start(int64_t first, int64_t rows, uint16_t* target);
  int64_t pixels() const { return input_rows_ * problem_.in_width; }
  // The next ones, as far as there are any.
  void take(int64_t pixels);
  void take_rest() { take(INT64_MAX); }

 private:
  void split(int64_t y, int64_t x, int64_t pixels, int64_t position) const;
  void clear(int64_t position, int64_t count) const;
  int64_t take_of_row(int64_t pixels);

  const SplitKernel& kernel_;
  const ConvProblem& problem_;
  const ConstMapView& input_;
  const SplitPlanes& planes_;
  uint16_t* target_ = nullptr;
  int64_t first_ = 0, rows_ = 0, input_rows_ = 0, step_stride_ = 0;
  int64_t row_ = 0, x_ = 0;  // where it goes on
};

// Products of strips, and what follows them.
class SplitSums {
 public:
  // Rows of the output from `first_row` on of a strip's pixels, outputs from `first_output` on.
  // Sums: scratch for two blocks; taps: of offsets into strips.
  SplitSums(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
            const ConvMaps& maps, const SplitPlanes& planes, int64_t first_row,
            int64_t first_output, float* sums, int64_t* taps)
      : kernel_(kernel),
        problem_(problem),
        maps_(maps),
        planes_(planes),
        packing_(kernel, problem),
        packed_(packed.bytes.get()),
        finish_(kernel.tile->finish(problem.activation.kind)),
        first_row_(first_row),
        first_output_(first_output),
        sums_(sums),
        taps_(taps) {}

  struct Strip {
    const uint16_t* planes;
    int64_t positions;  // of each plane
    int64_t rows;       // of the output
    int64_t pixel;      // the first, counted over the pitch from `first_row`
    Splitter* next;     // null, or what is to be split beside the products
  };
  void compute(const Strip& strip, int64_t begin, int64_t end);
  // What is left of the sums that wait.
  void finish() { finish_rows(kSplitRows); }

 private:
  // Sums that wait to be finished, which is done beside the products of the next ones.
  struct Waiting {
    const float* sums = nullptr;
    int64_t block = 0, pixel = 0, count = 0;
    int64_t done = 0;   // rows of them
    int64_t share = 0;  // rows to be done in a step
  };

  void describe_taps(int64_t rows);
  void compute_block(const Strip& strip, int64_t block, int64_t pixel, int64_t count);
  void finish_rows(int64_t count);
  void finish_row(int64_t y, int64_t x, int64_t count) const;
  static void beside(void* sums) {
    auto& self = *static_cast<SplitSums*>(sums);
    if (self.waiting_.done < self.waiting_.count) self.finish_rows(self.waiting_.share);
    if (self.next_) self.next_->take(self.share_);
  }

  const SplitKernel& kernel_;
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  const SplitPlanes& planes_;
  const SplitPacking packing_;
  const std::byte* packed_;
  const TileFinishFunction finish_;
  const int64_t first_row_, first_output_;
  float* sums_;
  int64_t* taps_;
  Splitter* next_ = nullptr;
  int64_t share_ = 0;  // pixels of it to be split in a step
  Waiting waiting_;
  int turn_ = 0;  // of two blocks of sums
};

}  // namespace shrike::kernels
