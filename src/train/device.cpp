#include "train/device.h"

#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "base/excerpt.h"
#include "train/guard.h"

namespace shrike::train {

Result<c10::Device> device_of(const std::string& name) {
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
    const int count = c10::impl::VirtualGuardImpl(c10::kCUDA).deviceCount();
    const int index = named->has_index() ? named->index() : 0;
    if (index >= count)
      return usage_error("--device " + name + ": there are " + std::to_string(count) +
                         " GPUs, counted from 0");
    return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
  });
}

}  // namespace shrike::train
