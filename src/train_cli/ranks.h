// Ranks: what the processes of a run have to agree on. Of a run in one process all of it is
// nothing.
//
// All ranks call the same functions in the same order. Errors: those of ProcessGroup.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "augment/sampler.h"
#include "base/result.h"
#include "cli/launch.h"

namespace shrike {

namespace train {
class ProcessGroup;
}

class Ranks {
 public:
  // One process.
  Ranks();
  Ranks(Ranks&&) noexcept;
  Ranks& operator=(Ranks&&) noexcept;
  ~Ranks();
  // Waits for the others where a launcher started more than one. Interrupts are caught then
  // (cli/interrupt.h): one of any rank ends the wait on all. Where a rank is lost and this process
  // is busy with work of its own for long, it is ended with a message, kExitRuntime its exit code.
  static Result<Ranks> join(const std::optional<Launch>& launch);
  // That signal, or one that came to any rank before begin(); 0 where there was none.
  int ended_by() const;
  // ProcessGroup::give_up().
  void give_up();
  // Of several ranks, while they prepare a run: what takes long asks whether one of them has a
  // signal, and then fails, whatever its error says.
  bool told_to_end();
  // All is prepared: from now on ranks agree on signals before each step.
  void begin() { preparing_ = false; }

  bool alone() const { return !group_; }
  bool first() const { return share().rank == 0; }
  RankShare share() const;
  train::ProcessGroup* group() const { return group_.get(); }

  // An error on all ranks where the text is not the same on all.
  Result<void> expect_same(const std::string& what, const std::string& text) const;

  // Rank 0 does the work, however long it takes; all get what came of it. Where it failed rank 0
  // has its error, and the others one that repeats it.
  Result<std::string> from_first(const std::function<Result<std::string>()>& work);
  Result<void> by_first(const std::function<Result<void>()>& work);
  // Each rank does the work; all go on together, or none: where one fails the others have an error
  // that says which and why.
  Result<void> together(const std::function<Result<void>()>& work);
  // Work of each rank that fails on all of them for the same reasons: rank 0 does it before the
  // others, which get its error where there is one. It may call from_first() and by_first() itself.
  // All go on together, or none.
  Result<void> first_before_others(const std::function<Result<void>()>& work);
  // Whether this is another rank and has an error that is rank 0's.
  bool has_error_of_first() const { return has_error_of_first_; }

  // Of each place the largest of all ranks.
  Result<std::vector<double>> largest(std::vector<double> numbers) const;

 private:
  Result<void> together_as(const std::string& name, const std::function<Result<void>()>& work);

  std::unique_ptr<train::ProcessGroup> group_;
  int64_t works_ = 0;  // that have a name: its number, the same on all
  bool has_error_of_first_ = false, preparing_ = true;
  std::chrono::steady_clock::time_point asked_;  // told_to_end()
};

}  // namespace shrike
