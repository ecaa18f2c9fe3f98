#include "engine/savings.h"

#include <algorithm>

namespace shrike {

namespace {

// A kernel that a convolution could have.
struct Option {
  int64_t limit;  // max_packed_bytes that leads to it
  size_t bytes;
  double cost;
};

double cost_a_byte(const Option& from, const Option& to) {
  return (to.cost - from.cost) / static_cast<double>(from.bytes - to.bytes);
}

// The kernels that are chosen as the limit falls, without those that a mix of their neighbours
// beats: from one to the next a byte costs ever more.
template <typename Kernel, typename Problem>
std::vector<Option> options_of(std::span<const Kernel> kernels, Problem problem, int64_t images) {
  std::vector<Option> options;
  while (true) {
    const Kernel& kernel = *kernels::select_kernel(kernels, problem).kernel;
    const Option next{problem.max_packed_bytes, kernel.packed_bytes(problem),
                      static_cast<double>(images) * kernel.cost(problem)};
    if (!options.empty() && next.bytes >= options.back().bytes) return options;
    while (options.size() >= 2 && cost_a_byte(options.back(), next) <=
                                      cost_a_byte(options[options.size() - 2], options.back()))
      options.pop_back();
    options.push_back(next);
    problem.max_packed_bytes = static_cast<int64_t>(next.bytes) - 1;
  }
}

std::vector<Option> options_of(const ConvNote& conv) {
  if (const auto* integers = std::get_if<kernels::QConvProblem>(&conv.problem))
    return options_of(kernels::qconv_kernels(), *integers, conv.images);
  return options_of(kernels::conv_kernels(), std::get<kernels::ConvProblem>(conv.problem),
                    conv.images);
}

}  // namespace

std::vector<Saving> find_savings(std::span<const ConvNote> convs) {
  std::vector<Saving> savings;
  for (const ConvNote& conv : convs) {
    const std::vector<Option> options = options_of(conv);
    for (size_t i = 1; i < options.size(); ++i)
      savings.push_back({conv.node, options[i].limit, options[i - 1].bytes - options[i].bytes,
                         options[i].cost - options[i - 1].cost});
  }
  // Stable: of equals, and so of one convolution's, the first stays first.
  std::stable_sort(savings.begin(), savings.end(), [](const Saving& a, const Saving& b) {
    return a.cost / static_cast<double>(a.bytes) < b.cost / static_cast<double>(b.bytes);
  });
  return savings;
}

}  // namespace shrike
