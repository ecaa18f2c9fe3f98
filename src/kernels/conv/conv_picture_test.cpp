// Convolutions that read planes against the same rows of the table reading a map, to the last bit.
#include "kernels/conv/conv_picture.h"

#include <gtest/gtest.h>

#include <cstring>

#include "kernels/conv/conv_pool.h"
#include "kernels/testing/conv_case.h"

namespace shrike::kernels {
namespace {

using namespace testing;

const ConvKernel* row_named(const char* name) {
  for (const ConvKernel& row : conv_kernels())
    if (std::strcmp(row.name, name) == 0 && can_run(row.need)) return &row;
  return nullptr;
}

ConvProblem stem(int64_t height, int64_t width, int64_t outputs, int64_t stride, int64_t pad) {
  ConvProblem p = square(1, 3, outputs, 3, stride, pad);
  p.in_height = height;
  p.in_width = width;
  p.activation.kind = ActivationKind::kLeakyRelu;
  p.activation.alpha = 0.1f;
  return sized(p, pad);
}

// A picture with `gap` floats behind each row and plane, and what else a kernel needs.
class PictureCase {
 public:
  PictureCase(const ConvProblem& problem, int64_t gap, Random& random)
      : problem_(problem),
        row_(problem.in_width + gap),
        plane_(problem.in_height * row_ + gap),
        planes_(random.reals(3 * plane_)),
        weights_(random.reals(problem.weight_count())),
        bias_(random.reals(problem.out_channels)) {
    for (int64_t y = 0; y < problem.in_height; ++y)
      for (int64_t x = 0; x < problem.in_width; ++x)
        for (int64_t c = 0; c < 3; ++c)
          map_.push_back(planes_[static_cast<size_t>(c * plane_ + y * row_ + x)]);
  }

  // From the map by what `expected` does, from planes by the form, with each number of threads.
  void check(const ConvKernel& row, const ConvPictureKernel& form,
             decltype(ConvKernel::run) expected, bool pooled) const {
    SCOPED_TRACE(describe(problem_));
    const int64_t part = pooled ? 2 : 1;
    const int64_t height = problem_.out_height / part, width = problem_.out_width / part;
    const int64_t channels = problem_.out_channels;
    const PackedConv packed = row.pack(problem_, weights_.data(), bias_.data());
    const ConstMapView map =
        dense_map(map_.data(), problem_.in_height, problem_.in_width, int64_t{3});
    const Picture planes{planes_.data(), row_, 1, plane_};
    TestMap whole(height, width, channels, 0, 0, 0);
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      AlignedScratch scratch(row.scratch_bytes(problem_, threads));
      if (threads == 1) expected(problem_, packed, {map, whole.view(), {}}, pool, scratch.span());
      TestMap output(height, width, channels, 0, 0, 0);
      form.run(problem_, packed, planes, output.view(), pool, scratch.span(), pooled);
      EXPECT_TRUE(near(whole.values(), output.values(), 0)) << threads << " threads";
    }
  }

 private:
  ConvProblem problem_;
  int64_t row_, plane_;
  std::vector<float> planes_, map_, weights_, bias_;
};

TEST(ConvPicture, SameBitsFromPlanes) {
  Random random;
  int checked = 0;
  for (const ConvPictureKernel& form : conv_picture_kernels()) {
    const ConvKernel* row = row_named(form.row);
    if (!row) continue;
    SCOPED_TRACE(form.row);
    for (const int64_t stride : {1, 2})
      for (const int64_t width : {6, 13, 20, 32, 33, 40, 71})
        for (const int64_t height : {7, 16})
          for (const int64_t pad : {0, 1, 2, 17})
            for (const int64_t gap : {0, 5}) {
              const ConvProblem p = stem(height, width, 17, stride, pad);
              if (row->refuse(p)) continue;
              PictureCase(p, gap, random).check(*row, form, row->run, false);
              ++checked;
            }
  }
  if (checked == 0) GTEST_SKIP() << "no row for this machine";
  EXPECT_GE(checked, 32);
}

TEST(ConvPicture, SameBitsFromPlanesBy6x6) {
  Random random;
  int checked = 0;
  for (const ConvPictureKernel& form : conv_picture_kernels()) {
    const ConvKernel* row = row_named(form.row);
    if (!row || !std::strstr(form.row, "focus")) continue;
    SCOPED_TRACE(form.row);
    for (const int64_t width : {6, 16, 31, 40, 71, 212, 230})
      for (const int64_t height : {7, 16})
        for (const int64_t pad : {0, 1, 2})
          for (const int64_t gap : {0, 5}) {
            ConvProblem p = square(height, 3, 17, 6, 2, pad);
            p.in_width = width;
            p.activation.kind = ActivationKind::kSilu;
            p = sized(p, pad);
            EXPECT_EQ(row->refuse(p), nullptr);
            PictureCase(p, gap, random).check(*row, form, row->run, false);
            ++checked;
          }
  }
  EXPECT_GE(checked, 84);  // the row for any processor
}

TEST(ConvPicture, SameBitsPooled) {
  Random random;
  int checked = 0, forms = 0;
  for (const ConvPictureKernel& form : conv_picture_kernels()) {
    const ConvKernel* row = row_named(form.row);
    if (!row) continue;
    SCOPED_TRACE(form.row);
    if (std::strstr(form.row, "stem")) ++forms;
    for (const int64_t width : {32, 38, 64})
      for (const int64_t gap : {0, 5}) {
        const ConvProblem p = stem(22, width, 19, 1, 1);
        if (row->refuse(p)) continue;
        const ConvPoolKernel* pooled = conv_pool_form(*row, p);
        if (!pooled) continue;
        PictureCase(p, gap, random).check(*row, form, pooled->run, true);
        ++checked;
      }
  }
  if (checked == 0) GTEST_SKIP() << "no row for this machine";
  EXPECT_EQ(checked, 6 * forms);
}

TEST(ConvPicture, FormsGoWithRows) {
  for (const ConvPictureKernel& form : conv_picture_kernels()) {
    const auto has_name = [&](const ConvKernel& row) {
      return std::strcmp(row.name, form.row) == 0 && conv_picture_form(row) == &form;
    };
    EXPECT_EQ(std::ranges::count_if(conv_kernels(), has_name), 1) << form.row;
  }
  EXPECT_EQ(conv_picture_form(conv_kernels().back()), nullptr);
}

// Without one the picture would be copied to a map first.
TEST(ConvPicture, EveryRowForFirstLayersReadsPlanes) {
  int rows = 0;
  for (const ConvKernel& row : conv_kernels())
    if (std::strstr(row.name, "stem") || std::strstr(row.name, "focus")) {
      EXPECT_NE(conv_picture_form(row), nullptr) << row.name;
      ++rows;
    }
  EXPECT_GT(rows, 0);
}

}  // namespace
}  // namespace shrike::kernels
