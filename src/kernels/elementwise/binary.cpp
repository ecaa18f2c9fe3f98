#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/pieces.h"
#include "kernels/elementwise/rows.h"

namespace shrike::kernels {

float apply_reference(BinaryOp op, float a, float b) {
  switch (op) {
    case BinaryOp::kAdd:
      return a + b;
    case BinaryOp::kSub:
      return a - b;
    case BinaryOp::kMul:
      return a * b;
    case BinaryOp::kDiv:
      return a / b;
    case BinaryOp::kMax:
      return a > b ? a : b;
    case BinaryOp::kMin:
      return a < b ? a : b;
    case BinaryOp::kPow:
      return std::pow(a, b);
  }
  return 0;
}

namespace {

template <BinaryOp kOp>
void reference_row(const BinaryRowArgs& args) {
  for (int64_t i = 0; i < args.length; ++i)
    args.out[i] = apply_reference(kOp, args.a[i * args.step_a], args.b[i * args.step_b]);
}

}  // namespace

BinaryRow binary_row_reference(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return reference_row<BinaryOp::kAdd>;
    case BinaryOp::kSub:
      return reference_row<BinaryOp::kSub>;
    case BinaryOp::kMul:
      return reference_row<BinaryOp::kMul>;
    case BinaryOp::kDiv:
      return reference_row<BinaryOp::kDiv>;
    case BinaryOp::kMax:
      return reference_row<BinaryOp::kMax>;
    case BinaryOp::kMin:
      return reference_row<BinaryOp::kMin>;
    case BinaryOp::kPow:
      return reference_row<BinaryOp::kPow>;
  }
  return nullptr;
}

BinaryRow binary_row_best(BinaryOp op) {
#if SHRIKE_KERNELS_AVX2
  if (cpu_features().avx2_fma) return binary_row_avx2(op);
#endif
  return binary_row_reference(op);
}

namespace {

// Rows that continue each other in all three views, as one.
void join_rows(BinaryOperand& a, BinaryOperand& b, RowsView& out) {
  const auto joins = [&](const BinaryOperand& operand) {
    return operand.step == 1 ? operand.row_stride == out.length : operand.row_stride == 0;
  };
  if (out.stride != out.length || !joins(a) || !joins(b)) return;
  out.length *= out.rows;
  out.rows = 1;
}

// A short row of one operand for all rows of the other one, as an anchor beside boxes: so many
// elements of it, again and again, are worth a call.
constexpr int64_t kRepeated = 256;

bool repeats_rows(const BinaryOperand& repeated, const BinaryOperand& other, const RowsView& out) {
  return out.rows > 1 && out.length <= kRepeated / 4 && repeated.step == 1 &&
         repeated.row_stride == 0 && other.step == 1 && other.row_stride == out.length &&
         out.stride == out.length;
}

// Rows [first, last), one row of b, or else of a, being the same for all.
void run_repeated(BinaryRow row, const BinaryOperand& a, const BinaryOperand& b, bool b_repeats,
                  const RowsView& out, int64_t first, int64_t last) {
  std::array<float, kRepeated> rows;
  const int64_t step = kRepeated / out.length * out.length;
  for (int64_t i = 0; i < step; i += out.length)
    std::copy_n(b_repeats ? b.data : a.data, out.length, rows.data() + i);
  for (int64_t i = first * out.length; i < last * out.length; i += step)
    row({b_repeats ? a.data + i : rows.data(), 1, b_repeats ? rows.data() : b.data + i, 1,
         out.data + i, std::min(step, last * out.length - i)});
}

template <BinaryRow (*kRow)(BinaryOp)>
void run(BinaryOp op, const BinaryOperand& left, const BinaryOperand& right, const RowsView& output,
         ThreadPool& pool) {
  const BinaryRow row = kRow(op);
  BinaryOperand a = left, b = right;
  RowsView out = output;
  const bool b_repeats = repeats_rows(b, a, out);
  if (b_repeats || repeats_rows(a, b, out))
    return for_each_group(out.rows, out.length, pool, [&](int64_t first, int64_t last) {
      run_repeated(row, a, b, b_repeats, out, first, last);
    });
  join_rows(a, b, out);
  for_each_piece(out.rows, out.length, pool, [&](int64_t r, int64_t begin, int64_t length) {
    row({a.data + r * a.row_stride + begin * a.step, a.step,
         b.data + r * b.row_stride + begin * b.step, b.step, out.row(r) + begin, length});
  });
}

constexpr BinaryKernel kBinaryKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<binary_row_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<binary_row_reference>},
};

}  // namespace

std::span<const BinaryKernel> binary_kernels() { return kBinaryKernels; }

}  // namespace shrike::kernels
