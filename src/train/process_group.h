// ProcessGroup: the processes of a run (its ranks), which add up tensors together.
//
// They find each other in a store that rank 0 serves, or their launcher, and are connected from
// then on (pair_links.h, carrier.h). All ranks must call the same functions in the same order; on
// CPUs start_sum() has an order of its own beside the rest. Results have the same bits on every
// rank. Nothing waits in silence for longer than the timeout but wait_for(), wait_for_all() and, on
// ranks other than 0, expect_same(), which wait as long as the processes live and the store
// answers. An error (kRuntime) says which
// rank tells it, where the store is, and which ranks are not there any more; a group is of no use
// after one. Used by one thread at a time, but for start_sum(), which autograd's may call
// meanwhile.
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace shrike::train {

struct GroupPlace {
  int rank = 0, size = 1;
  std::string address = "127.0.0.1";  // of the store: a name or a number
  int port = 29500;
  bool store_is_served = false;  // by the launcher; otherwise rank 0 does
  std::string attempt = "0";     // to tell groups apart that share a store
};

inline constexpr std::chrono::milliseconds kGroupTimeout{35'000};

class ProcessGroup {
 public:
  // Waits until all are there. Errors: the port is in use, nobody or no store answers at the
  // address, not all ranks come, they are told of different sizes, two have the same rank.
  // `interrupted` gives the signal that tells this process to end, or 0; where one of those that
  // wait has one, all leave with a group that ended_by() it. `too_late` is called by a thread, with
  // what an error would say, where a rank is gone and this process has not asked anything of the
  // group for nearly as long as the timeout since that was known: it has to end, whatever it is
  // busy with.
  static Result<ProcessGroup> join(const GroupPlace& place,
                                   std::chrono::milliseconds timeout = kGroupTimeout,
                                   const std::function<int()>& interrupted = {},
                                   const std::function<void(const std::string&)>& too_late = {});
  ProcessGroup(ProcessGroup&&) noexcept;
  ProcessGroup& operator=(ProcessGroup&&) noexcept;
  // Where no error was, who serves the store stays for seconds until the others have left, too.
  ~ProcessGroup();

  int rank() const;
  int size() const;
  // The signal that ended the wait for others, of which nothing else can be asked then; or 0.
  int ended_by() const;
  // The signal that has told a rank of the group to end, as far as its process knows it and has
  // asked or waited for another rank since; or 0, also where the store does not answer. It ends
  // nothing here.
  int signal() const;
  // This rank's run ends by an error of its own: others that wait for it within a GPU miss it by
  // its heartbeat, where they would take it for one that has left in order.
  void give_up();

  // In place, over all ranks, element by element. Tensors are contiguous and on the CPU; sum(),
  // summed() and start_sum() take those on a GPU, too, for each rank one of its own.
  Result<void> sum(const at::Tensor& x);
  Result<void> largest(std::span<double> numbers);
  // What rank 0 has, to all.
  Result<void> broadcast(const at::Tensor& x);

  // For long work that one rank does while the others wait: done() says that `what` is, and what
  // came of it: rank 0; wait_for() gives that when it has said so, however long it takes, or an
  // error when a rank is gone. Each name once.
  Result<void> done(const std::string& what, const std::string& text = {});
  Result<std::string> wait_for(const std::string& what);

  // For work that each rank does in a time of its own: arrive() says that this one has, and what it
  // failed by, if it did; wait_for_all() waits for all to have said so, or one to be gone, and is
  // an error where one failed: "rank 2: WHY". Each name once.
  Result<void> arrive(const std::string& what, const std::string& failure = {});
  Result<void> wait_for_all(const std::string& what);

  // Every rank's text by rank, on rank 0; nothing on the others.
  Result<std::vector<std::string>> gather(const std::string& text);

  // Whether all have the same text; an error (kUsage) on every rank where not: "WHAT of rank 1
  // differ from those of rank 0", there with the first line that does. `what` is plural, and each
  // once.
  Result<void> expect_same(const std::string& what, const std::string& text);

  // The sum as a new tensor, inside of what LibTorch calls: throws std::runtime_error with the
  // error's text.
  at::Tensor summed(const at::Tensor& x);

  // A sum in place that goes on while other work is done. Throws as summed(); so does wait().
  // Memory must stay until then. Destroying one that was not waited for waits for it.
  class Pending {
   public:
    struct Work;
    explicit Pending(std::unique_ptr<Work> work);
    Pending(Pending&&) noexcept;
    Pending& operator=(Pending&&) noexcept;
    ~Pending();
    void wait();

   private:
    std::unique_ptr<Work> work_;
  };
  Pending start_sum(const at::Tensor& x);

 private:
  struct State;
  explicit ProcessGroup(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shrike::train
