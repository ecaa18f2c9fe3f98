#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <vector>

#include "train/carrier.h"

namespace shrike::train {

namespace {

class GlooCarrier : public Carrier {
 public:
  explicit GlooCarrier(const Place& place) {
    auto options = c10d::ProcessGroupGloo::Options::create(place.links.timeout);
    options->devices.push_back(
        c10d::ProcessGroupGloo::createDeviceForHostname(place.links.address));
    options->threads = 1;
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("beside", place.store), place.links.rank,
        place.links.size, options);
  }

  Wait start_sum(const at::Tensor& x) override {
    std::vector<at::Tensor> tensors{x};
    return [work = group_->allreduce(tensors)] { work->wait(); };
  }

 private:
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

std::unique_ptr<Carrier> gloo_carrier(const Carrier::Place& place) {
  return std::make_unique<GlooCarrier>(place);
}

}  // namespace shrike::train
