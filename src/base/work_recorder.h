// Who worked when on the loops of a thread pool: for looking at balance and waiting.
#pragma once

#include <chrono>
#include <vector>

#include "base/thread_pool.h"

namespace shrike {

struct WorkSpan {
  using Time = std::chrono::steady_clock::time_point;
  int worker = 0;
  Time begin, end;
};

// While it lives, each worker of the pool that gets something to do in a loop notes from when to
// when. One recorder at a time in the process: another one meanwhile records nothing. Made, read
// and destroyed by the pool's caller, between loops.
class WorkRecorder {
 public:
  explicit WorkRecorder(const ThreadPool& pool);
  WorkRecorder(const WorkRecorder&) = delete;
  WorkRecorder& operator=(const WorkRecorder&) = delete;
  ~WorkRecorder();

  // The spans since the last call, worker by worker, each one's in the order of time.
  std::vector<WorkSpan> take();

  // For the pool: the recorder of that pool, or null. Valid while a loop of the pool is at work.
  static WorkRecorder* of(const ThreadPool& pool);
  // Again with the same begin: until now, what was noted before included.
  void note(int worker, WorkSpan::Time begin);

 private:
  struct alignas(64) Row {
    std::vector<WorkSpan> spans;  // written by the worker before it reports its units done
  };
  std::vector<Row> rows_;  // by worker
  bool active_ = false;
};

}  // namespace shrike
