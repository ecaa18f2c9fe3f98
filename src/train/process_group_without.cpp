// A ProcessGroup where LibTorch comes without Gloo: none can be joined, so nothing else is called.
#include <utility>

#include "train/process_group.h"

namespace shrike::train {

struct ProcessGroup::State {};
struct ProcessGroup::Pending::Work {};

ProcessGroup::ProcessGroup(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProcessGroup::ProcessGroup(ProcessGroup&&) noexcept = default;
ProcessGroup& ProcessGroup::operator=(ProcessGroup&&) noexcept = default;
ProcessGroup::~ProcessGroup() = default;
ProcessGroup::Pending::Pending(std::unique_ptr<Work> work) : work_(std::move(work)) {}
ProcessGroup::Pending::Pending(Pending&&) noexcept = default;
ProcessGroup::Pending& ProcessGroup::Pending::operator=(Pending&&) noexcept = default;
ProcessGroup::Pending::~Pending() = default;

namespace {

Error without() {
  return runtime_error(
      "this program was built with a LibTorch without Gloo, which processes need "
      "to train together (Debian's libtorch-dev and libgloo-dev have it)");
}

}  // namespace

Result<ProcessGroup> ProcessGroup::join(const GroupPlace&, std::chrono::milliseconds,
                                        const std::function<int()>&,
                                        const std::function<void(const std::string&)>&) {
  return without();
}

int ProcessGroup::rank() const { return 0; }
int ProcessGroup::size() const { return 1; }
int ProcessGroup::ended_by() const { return 0; }
Result<void> ProcessGroup::sum(const at::Tensor&) { return without(); }
Result<void> ProcessGroup::largest(std::span<double>) { return without(); }
Result<void> ProcessGroup::broadcast(const at::Tensor&) { return without(); }
Result<void> ProcessGroup::barrier() { return without(); }
Result<void> ProcessGroup::done(const std::string&, const std::string&) { return without(); }
Result<std::string> ProcessGroup::wait_for(const std::string&) { return without(); }
Result<std::vector<std::string>> ProcessGroup::gather(const std::string&) { return without(); }
Result<void> ProcessGroup::expect_same(const std::string&, const std::string&) { return without(); }
at::Tensor ProcessGroup::summed(const at::Tensor& x) { return x; }
ProcessGroup::Pending ProcessGroup::start_sum(const at::Tensor&) { return Pending(nullptr); }
void ProcessGroup::Pending::wait() {}

}  // namespace shrike::train
