#include <cstring>

#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

// By element size: what is chosen is not looked at.
Result<Outputs> evaluate(const Where&, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Walk<3> walk(y.shape(), {broadcast_strides(in[0].shape(), y.shape()),
                                 broadcast_strides(in[1].shape(), y.shape()),
                                 broadcast_strides(in[2].shape(), y.shape())});
  const std::byte* condition = in[0].bytes().data();
  const std::byte* chosen[2] = {in[2].bytes().data(), in[1].bytes().data()};
  std::byte* out = y.mutable_bytes().data();
  const auto copy_rows = [&]<size_t kSize>() {
    constexpr auto kStep = static_cast<int64_t>(kSize);
    walk.for_each_row([&](const std::array<int64_t, 3>& offsets) {
      for (int64_t i = 0; i < walk.row(); ++i, out += kStep) {
        const bool first = condition[offsets[0] + i * walk.row_stride(0)] != std::byte{0};
        const size_t operand = first ? 1 : 2;
        const int64_t element = offsets[operand] + i * walk.row_stride(operand);
        std::memcpy(out, chosen[first] + element * kStep, kSize);
      }
    });
  };
  switch (dtype_size(y.dtype())) {
    case 1:
      copy_rows.template operator()<1>();
      break;
    case 2:
      copy_rows.template operator()<2>();
      break;
    case 4:
      copy_rows.template operator()<4>();
      break;
    case 8:
      copy_rows.template operator()<8>();
      break;
  }
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
