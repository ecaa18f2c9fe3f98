#include "train/device.h"

#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/excerpt.h"
#include "train/guard.h"

namespace shrike::train {

Result<int> gpu_of(int named, int local_rank, int count) {
  const std::string there = "there are " + std::to_string(count) + " GPUs, counted from 0";
  if (named >= count) return usage_error("--device cuda:" + std::to_string(named) + ": " + there);
  if (named < 0 && local_rank >= count)
    return usage_error("--device cuda: process " + std::to_string(local_rank) +
                       " of this host, counted from 0, would have a GPU of its own, and " + there);
  return named < 0 ? local_rank : named;
}

Result<c10::Device> device_of(const std::string& name, int local_rank) {
  const Error unknown = usage_error("--device " + in_quotes(name) + ": cpu, cuda or cuda:N");
  if (name != "cpu" && name != "cuda" && !name.starts_with("cuda:")) return unknown;
  const Result<c10::Device> named =
      guarded("the device " + in_quotes(name), [&] { return c10::Device(name); });
  if (!named) return unknown;
  if (named->is_cpu()) return *named;
  return guarded("looking for a GPU", [&]() -> Result<c10::Device> {
    if (!at::hasCUDA())
      return runtime_error(
          "--device " + name +
          ": this LibTorch has no CUDA, or finds no GPU of NVIDIA's; Debian's has none, that of "
          "PyPI's torch has (scripts/train-pypi)");
    SHRIKE_ASSIGN(const int index, gpu_of(named->has_index() ? named->index() : -1, local_rank,
                                          c10::impl::VirtualGuardImpl(c10::kCUDA).deviceCount()));
    return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
  });
}

}  // namespace shrike::train
