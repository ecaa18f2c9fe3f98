#include <cmath>

#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

// In double: scale / sqrt(var + epsilon) of a near-dead channel is large.
Result<Outputs> evaluate(const BatchNorm& op, const Inputs& in) {
  // The statistics of a half network may be f32.
  for (size_t i = 0; i < 5; ++i)
    if (!is_float(in.given_dtype(i)) || in[i].dtype() != in[0].dtype())
      return in.fail("takes floats of one type");
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (y.empty()) return Outputs{std::move(y)};
  const AxisView view = view_axis(y.shape(), 1);
  with_float_type(y.dtype(), [&]<typename T>() {
    const auto of_channel = [&](size_t input, int64_t c) {
      return static_cast<double>(in[input].data<T>()[static_cast<size_t>(c)]);
    };
    const T* x = in[0].data<T>().data();
    T* out = y.mutable_data<T>().data();
    for (int64_t n = 0; n < view.outer; ++n)
      for (int64_t c = 0; c < view.extent; ++c) {
        const double scale =
            of_channel(1, c) / std::sqrt(of_channel(4, c) + static_cast<double>(op.epsilon));
        const double shift = of_channel(2, c) - of_channel(3, c) * scale;
        for (int64_t i = 0; i < view.inner; ++i)
          *out++ = static_cast<T>(static_cast<double>(*x++) * scale + shift);
      }
  });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
