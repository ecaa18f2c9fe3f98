#include "kernels/quantize/words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

template <typename Kernel, typename Body>
void for_each_kernel(std::span<const Kernel> kernels, const Body& body) {
  for (const Kernel& kernel : kernels) {
    if (cpu_lacks(kernel.need, cpu_features())) continue;
    SCOPED_TRACE(kernel.name);
    body(kernel);
  }
}

std::vector<int16_t> any_words(Random& random, int64_t count) {
  std::vector<int16_t> words(static_cast<size_t>(count));
  for (int16_t& word : words)
    word = static_cast<int16_t>(
        random.pick<int64_t>({-32768, 32767, random.integer(-32768, 32767)}));
  return words;
}

std::vector<int16_t> quantized(const WordQuantizeKernel& kernel, const WordScale& form,
                               const std::vector<float>& in, int threads = 1) {
  std::vector<int16_t> out(in.size());
  ThreadPool pool(threads);
  const auto n = static_cast<int64_t>(in.size());
  kernel.run(form, {in.data(), 1, n, n}, {out.data(), 1, n, n}, pool);
  return out;
}

TEST(QuantizeWords, EveryKernelGivesTheWordsOfTheReference) {
  Random random;
  std::vector<float> in = random.reals(1003, -40, 40);
  for (int step = -600; step <= 600; ++step) in.push_back(static_cast<float>(step) * 0.125f);
  const float infinite = std::numeric_limits<float>::infinity();
  in.insert(in.end(), {0.0f, -0.0f, 1e30f, -1e30f, infinite, -infinite, std::nanf(""), 1.0f});
  for (const WordScale& form :
       {WordScale{0.25f, 0}, WordScale{1e-3f, -32768}, WordScale{9e-4f, 32767},
        WordScale{1e-30f, 7}, WordScale{1e30f, 7}}) {
    const std::vector<int16_t> expected = quantized(word_quantize_kernels().back(), form, in);
    for_each_kernel(word_quantize_kernels(), [&](const WordQuantizeKernel& kernel) {
      EXPECT_EQ(quantized(kernel, form, in), expected);
      EXPECT_EQ(quantized(kernel, form, in, 3), expected);
    });
  }
}

TEST(QuantizeWords, HalvesGoToTheEvenNeighbour) {
  const std::vector<float> in = {0.25f, 0.75f, 1.25f, -0.25f, -0.75f, -1.25f, 1e6f, -1e6f};
  const std::vector<int16_t> expected = {11, 13, 13, 11, 9, 9, 32767, -32768};
  for_each_kernel(word_quantize_kernels(), [&](const WordQuantizeKernel& kernel) {
    EXPECT_EQ(quantized(kernel, {0.5f, 11}, in), expected);
  });
}

TEST(DequantizeWords, EveryWordIsWhatItStandsFor) {
  std::vector<int16_t> in(65536 + 5);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int16_t>(i);
  const auto n = static_cast<int64_t>(in.size());
  for (const WordScale& form :
       {WordScale{0.3f, 0}, WordScale{0.3f, -32768}, WordScale{2e-3f, 32767}})
    for_each_kernel(word_dequantize_kernels(), [&](const WordDequantizeKernel& kernel) {
      std::vector<float> out(in.size());
      ThreadPool pool(2);
      kernel.run(form, {in.data(), 1, n, n}, {out.data(), 1, n, n}, pool);
      for (size_t i = 0; i < in.size(); ++i)
        ASSERT_EQ(out[i], static_cast<float>(in[i] - form.zero) * form.scale);
    });
}

TEST(WordSum, EveryKernelGivesTheWordsOfTheReferenceAndNothingBetweenRows) {
  Random random;
  for (const int64_t length : {1, 7, 8, 9, 1001})
    for (const WordSum& sum : {WordSum{0, 0, 0, 0.5f, 0.25f}, WordSum{128, -3, 3000, 1.7f, 0.3f},
                               WordSum{-32768, 32767, 32767, 40, 0.001f}}) {
      const int64_t stride = length + 5;
      const std::vector<int16_t> a = any_words(random, 3 * stride),
                                 b = any_words(random, 3 * stride);
      for_each_kernel(word_sum_kernels(), [&](const WordSumKernel& kernel) {
        std::vector<int16_t> out(a.size(), 77);
        ThreadPool pool(3);
        kernel.run(sum, {a.data(), 3, length, stride}, {b.data(), 3, length, stride},
                   {out.data(), 3, length, stride}, pool);
        for (size_t i = 0; i < a.size(); ++i) {
          const float x = static_cast<float>(a[i] - sum.a_zero) * sum.a_ratio;
          const float y = static_cast<float>(b[i] - sum.b_zero) * sum.b_ratio;
          const float q = std::nearbyint(x + y) + static_cast<float>(sum.out_zero);
          const bool inside = static_cast<int64_t>(i) % stride < length;
          ASSERT_EQ(out[i], inside ? static_cast<int16_t>(std::clamp(q, -32768.0f, 32767.0f)) : 77)
              << i;
        }
      });
    }
}

}  // namespace
}  // namespace shrike::kernels
