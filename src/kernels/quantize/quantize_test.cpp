#include "kernels/quantize/bytes.h"

#include <gtest/gtest.h>

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

std::vector<uint8_t> quantized(const QuantizeKernel& kernel, const ByteScale& form,
                               const std::vector<float>& in, int threads = 1) {
  std::vector<uint8_t> out(in.size());
  ThreadPool pool(threads);
  const auto n = static_cast<int64_t>(in.size());
  kernel.run(form, {in.data(), 1, n, n}, {out.data(), 1, n, n}, pool);
  return out;
}

TEST(Quantize, EveryKernelGivesTheBytesOfTheReference) {
  Random random;
  std::vector<float> in = random.reals(1003, -40, 40);
  for (int step = -600; step <= 600; ++step) in.push_back(static_cast<float>(step) * 0.125f);
  const float infinite = std::numeric_limits<float>::infinity();
  in.insert(in.end(), {0.0f, -0.0f, 1e30f, -1e30f, infinite, -infinite, std::nanf("")});
  for (const ByteScale& form : {ByteScale{0.25f, 0}, ByteScale{0.25f, 128}, ByteScale{0.3f, 255},
                                ByteScale{1e-30f, 7}, ByteScale{1e30f, 7}}) {
    const std::vector<uint8_t> expected = quantized(quantize_kernels().back(), form, in);
    for_each_kernel(quantize_kernels(), [&](const QuantizeKernel& kernel) {
      EXPECT_EQ(quantized(kernel, form, in), expected);
      EXPECT_EQ(quantized(kernel, form, in, 3), expected);
    });
  }
}

TEST(Quantize, HalvesGoToTheEvenNeighbour) {
  const std::vector<float> in = {0.25f, 0.75f, 1.25f, -0.25f, -0.75f, -1.25f, 1000, -1000};
  const std::vector<uint8_t> expected = {10, 12, 12, 10, 8, 8, 255, 0};
  for_each_kernel(quantize_kernels(), [&](const QuantizeKernel& kernel) {
    EXPECT_EQ(quantized(kernel, {0.5f, 10}, in), expected);
  });
}

TEST(Quantize, WritesNothingBetweenRows) {
  Random random;
  for (const int64_t length : {1, 7, 8, 9, 31})
    for_each_kernel(quantize_kernels(), [&](const QuantizeKernel& kernel) {
      const std::vector<float> in = random.reals(3 * length);
      std::vector<uint8_t> out(static_cast<size_t>(3 * (length + 5)), 77);
      ThreadPool pool(2);
      kernel.run({0.01f, 100}, {in.data(), 3, length, length}, {out.data(), 3, length, length + 5},
                 pool);
      for (int64_t r = 0; r < 3; ++r)
        for (int64_t i = length; i < length + 5; ++i)
          EXPECT_EQ(out[static_cast<size_t>(r * (length + 5) + i)], 77);
    });
}

TEST(Dequantize, EveryByteIsWhatItStandsFor) {
  std::vector<uint8_t> in(256 + 5);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<uint8_t>(i);
  const auto n = static_cast<int64_t>(in.size());
  for (const ByteScale& form : {ByteScale{0.3f, 0}, ByteScale{0.3f, 128}, ByteScale{2e-3f, 255}})
    for_each_kernel(dequantize_kernels(), [&](const DequantizeKernel& kernel) {
      std::vector<float> out(in.size());
      ThreadPool pool(2);
      kernel.run(form, {in.data(), 1, n, n}, {out.data(), 1, n, n}, pool);
      for (size_t i = 0; i < in.size(); ++i)
        EXPECT_EQ(out[i], static_cast<float>(in[i] - form.zero) * form.scale);
    });
}

std::vector<uint8_t> any_bytes(Random& random, int64_t count) {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.integer(0, 255));
  return bytes;
}

TEST(Lookup, EveryByteAndAnyLength) {
  Random random;
  const std::vector<uint8_t> table = any_bytes(random, 256);
  for (const int64_t length : {1, 31, 32, 33, 256, 40000}) {
    std::vector<uint8_t> in = any_bytes(random, length);
    for (int64_t i = 0; i < std::min<int64_t>(length, 256); ++i)
      in[static_cast<size_t>(i)] = static_cast<uint8_t>(i);
    for_each_kernel(lookup_kernels(), [&](const LookupKernel& kernel) {
      std::vector<uint8_t> out(in.size());
      ThreadPool pool(2);
      kernel.run(ByteTable(table.data(), 256), {in.data(), 1, length, length},
                 {out.data(), 1, length, length}, pool);
      for (size_t i = 0; i < in.size(); ++i) ASSERT_EQ(out[i], table[in[i]]) << i;
    });
  }
}

TEST(Lookup, WritesNothingBetweenRows) {
  Random random;
  const std::vector<uint8_t> table = any_bytes(random, 256);
  for (const int64_t length : {1, 16, 31, 63, 64, 65, 100})
    for_each_kernel(lookup_kernels(), [&](const LookupKernel& kernel) {
      const int64_t stride = length + 5;
      const std::vector<uint8_t> before = any_bytes(random, 3 * stride);
      std::vector<uint8_t> out = before;
      ThreadPool pool(2);
      kernel.run(ByteTable(table.data(), 256), {out.data(), 3, length, stride},
                 {out.data(), 3, length, stride}, pool);
      for (size_t i = 0; i < out.size(); ++i) {
        const bool inside = static_cast<int64_t>(i) % stride < length;
        ASSERT_EQ(out[i], inside ? table[before[i]] : before[i]) << i;
      }
    });
}

TEST(ByteSum, EveryKernelGivesTheBytesOfTheReference) {
  Random random;
  const std::vector<uint8_t> a = any_bytes(random, 5003), b = any_bytes(random, 5003);
  const auto n = static_cast<int64_t>(a.size());
  for (const ByteSum& sum : {ByteSum{0, 0, 0, 0.5f, 0.25f}, ByteSum{128, 3, 255, 1.7f, 0.3f},
                             ByteSum{255, 255, 100, 40, 0.001f}})
    for_each_kernel(byte_sum_kernels(), [&](const ByteSumKernel& kernel) {
      std::vector<uint8_t> out(a.size());
      ThreadPool pool(3);
      kernel.run(sum, {a.data(), 1, n, n}, {b.data(), 1, n, n}, {out.data(), 1, n, n}, pool);
      for (size_t i = 0; i < a.size(); ++i) {
        const float x = static_cast<float>(a[i] - sum.a_zero) * sum.a_ratio;
        const float y = static_cast<float>(b[i] - sum.b_zero) * sum.b_ratio;
        const float q = std::nearbyint(x + y) + static_cast<float>(sum.out_zero);
        ASSERT_EQ(out[i], static_cast<uint8_t>(std::clamp(q, 0.0f, 255.0f))) << i;
      }
    });
}

}  // namespace
}  // namespace shrike::kernels
