// Not run by the tests: they have no GPU.
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <vector>

#include "train/carrier.h"

namespace shrike::train {

namespace {

constexpr std::chrono::microseconds kBetweenLooks{50};

class NcclCarrier : public Carrier {
 public:
  explicit NcclCarrier(const Place& place) : given_up_(place.links.given_up) {
    // A thread of LibTorch's would end the process where a sum takes too long, and not say who is
    // gone. Here waits end, and who waits in CUDA itself is ended by the heartbeat.
    ::setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", 0);
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout_ = place.links.timeout;
    group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(
        c10::make_intrusive<c10d::PrefixStore>("nccl", place.store), place.links.rank,
        place.links.size, options);
  }

  ~NcclCarrier() override {
    try {
      group_->abort();  // waits for nobody, where shutdown() would
    } catch (const std::exception&) {
      // There is nobody left to tell.
    }
  }

  // What the device does next comes after it; this thread goes on.
  void sum(const at::Tensor& x) override { begin(x)->wait(); }

  Wait start_sum(const at::Tensor& x) override {
    return [this, work = begin(x)] { wait_for(*work); };
  }

 private:
  c10::intrusive_ptr<c10d::Work> begin(const at::Tensor& x) {
    std::vector<at::Tensor> tensors{x};
    return group_->allreduce(tensors);
  }

  void wait_for(c10d::Work& work) {
    const auto end = std::chrono::steady_clock::now() + timeout_;
    while (!work.isCompleted()) {
      if (given_up_()) fail("the wait is given up");
      if (std::chrono::steady_clock::now() > end)
        fail("no sum for " + std::to_string(timeout_.count() / 1000) + " s");
      std::this_thread::sleep_for(kBetweenLooks);
    }
    if (const std::exception_ptr error = work.exception()) std::rethrow_exception(error);
    work.wait();
  }

  // Sums that would never end are taken from the device, or nothing on it ever would.
  [[noreturn]] void fail(const std::string& why) {
    group_->abort();
    throw std::runtime_error(why);
  }

  std::function<bool()> given_up_;
  std::chrono::milliseconds timeout_{};
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
};

}  // namespace

std::unique_ptr<Carrier> nccl_carrier(const Carrier::Place& place) {
  return std::make_unique<NcclCarrier>(place);
}

}  // namespace shrike::train
