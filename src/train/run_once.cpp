#include "train/run_once.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "train/guard.h"
#include "train/module.h"
#include "train/tensors.h"

namespace shrike::train {

Result<Once> run_once(const Graph& graph, std::span<const Tensor> inputs) {
  return guarded("a forward pass", [&]() -> Result<Once> {
    const c10::NoGradGuard no_gradients;
    SHRIKE_ASSIGN(const Parameters parameters, Parameters::of(graph));
    SHRIKE_ASSIGN(const Module module, Module::build(graph, parameters));
    std::vector<at::Tensor> given;
    for (const Tensor& input : inputs) {
      SHRIKE_ASSIGN(given.emplace_back(), to_torch(input));
    }
    SHRIKE_ASSIGN(const std::vector<at::Tensor> outputs, module.forward(given, RunMode{}));
    Once once;
    once.learned = parameters.learned_elements();
    for (const at::Tensor& output : outputs) once.outputs.push_back(from_torch(output));
    return once;
  });
}

void set_threads(int threads) {
  at::set_num_threads(threads);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
}

}  // namespace shrike::train
