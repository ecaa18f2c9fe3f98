#include <ATen/ATen.h>

#include "train/carrier.h"

namespace shrike::train {

namespace {

at::Tensor copy_on_cpu(const at::Tensor& x) { return x.detach().to(at::kCPU, false, true); }

class CarrierByCpu : public Carrier {
 public:
  CarrierByCpu(PairLinks& ordered, Carrier& beside) : ordered_(ordered), beside_(beside) {}

  void sum(const at::Tensor& x) override {
    const at::Tensor copy = copy_on_cpu(x);
    ordered_.reduce(copy, add_to);
    x.copy_(copy);
  }

  Wait start_sum(const at::Tensor& x) override {
    const at::Tensor copy = copy_on_cpu(x);
    return [x, copy, wait = beside_.start_sum(copy)] {
      wait();
      x.copy_(copy);
    };
  }

 private:
  PairLinks& ordered_;
  Carrier& beside_;
};

}  // namespace

std::unique_ptr<Carrier> carrier_by_cpu(PairLinks& ordered, Carrier& beside) {
  return std::make_unique<CarrierByCpu>(ordered, beside);
}

}  // namespace shrike::train
