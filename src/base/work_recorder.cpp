#include "base/work_recorder.h"

#include <atomic>

namespace shrike {

namespace {

// The pool apart from the recorder: other pools' workers look at it while a recorder goes.
std::atomic<const ThreadPool*> recorded_pool{nullptr};
std::atomic<WorkRecorder*> recorder{nullptr};

}  // namespace

WorkRecorder::WorkRecorder(const ThreadPool& pool) : rows_(static_cast<size_t>(pool.threads())) {
  WorkRecorder* nobody = nullptr;
  active_ = recorder.compare_exchange_strong(nobody, this);
  if (active_) recorded_pool = &pool;
}

WorkRecorder::~WorkRecorder() {
  if (!active_) return;
  recorded_pool = nullptr;
  recorder = nullptr;
}

std::vector<WorkSpan> WorkRecorder::take() {
  std::vector<WorkSpan> all;
  for (Row& row : rows_) {
    all.insert(all.end(), row.spans.begin(), row.spans.end());
    row.spans.clear();
  }
  return all;
}

WorkRecorder* WorkRecorder::of(const ThreadPool& pool) {
  return recorded_pool.load(std::memory_order_relaxed) == &pool ? recorder.load() : nullptr;
}

void WorkRecorder::note(int worker, WorkSpan::Time begin) {
  std::vector<WorkSpan>& spans = rows_[static_cast<size_t>(worker)].spans;
  const WorkSpan::Time end = std::chrono::steady_clock::now();
  if (!spans.empty() && spans.back().begin == begin) {
    spans.back().end = end;
  } else {
    spans.push_back({worker, begin, end});
  }
}

}  // namespace shrike
