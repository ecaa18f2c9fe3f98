#include "cli/picture_pipeline.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include "base/excerpt.h"
#include "base/memory.h"
#include "base/signals.h"
#include "cli/interrupt.h"

namespace shrike {

namespace {

// A thread reads, one draws.
size_t threads_wanted(const PictureWork& work) { return work.streams + (work.drawn ? 2 : 1); }

class Pipeline {
 public:
  Pipeline(size_t pictures, const PictureWork& work, const TellPicture& tell)
      : pictures_(pictures),
        work_(work),
        tell_(tell),
        pixels_at_once_(pictures_at_once(work.streams, work.drawn)),
        places_(2 * pixels_at_once_) {}

  Result<void> run() {
    std::vector<std::jthread> helpers;
    {
      const SignalsHeld held;  // in the helpers: the caller answers them
      try {
        while (helpers.size() + 1 < std::min(threads_wanted(work_), pictures_))
          helpers.emplace_back([this, own = helpers.size() + 1] { take_part(own); });
      } catch (const std::exception&) {
        // A limit on processes or memory: those that are there do the work.
      }
    }
    take_part(kCaller);
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    helpers.clear();
    return result_;
  }

 private:
  enum class Stage : uint8_t { kUnread, kRead, kSeen, kDone, kInHand };
  enum class Station : uint8_t { kRead, kLook, kFinish, kTell };

  struct Place {
    Stage stage = Stage::kUnread;
    Image image;
    Detections found;
    std::optional<Result<std::string>> said;
  };

  struct Task {
    Station station;
    size_t picture;
    size_t thread;
  };

  // Threads before `streams` look at pictures, each with the detector of its own number, so that
  // what that has in its core's cache stays there.
  static constexpr size_t kCaller = 0;

  Place& place(size_t picture) { return places_[picture % places_.size()]; }

  void take_part(size_t thread) {
    std::unique_lock lock(mutex_);
    while (const std::optional<Task> task = next(lock, thread)) {
      place(task->picture).stage = Stage::kInHand;
      lock.unlock();
      do_it(*task);
      lock.lock();
      note_done(*task);
      changed_.notify_all();
    }
  }

  // Waits until there is something to do, or no more.
  std::optional<Task> next(std::unique_lock<std::mutex>& lock, size_t thread) {
    const bool caller = thread == kCaller;
    for (;;) {
      if (caller && interrupted() != 0) stopped_ = true;
      if (over_) return std::nullopt;
      if (caller && told_ == (stopped_ ? looked_ : pictures_)) return std::nullopt;
      if (const std::optional<Task> task = find(thread)) return task;
      const bool helps = thread >= work_.streams;
      idle_helpers_ += helps;
      changed_.wait(lock);
      idle_helpers_ -= helps;
    }
  }

  // What is found is counted as begun.
  std::optional<Task> find(size_t thread) {
    if (thread == kCaller && told_ < looked_ && place(told_).stage == Stage::kDone)
      return Task{Station::kTell, told_, thread};
    if (thread < work_.streams && !stopped_ && looked_ < read_ &&
        place(looked_).stage == Stage::kRead)
      return Task{Station::kLook, looked_++, thread};
    // The rest is for those who cannot look, as long as one of them has nothing to do.
    if (thread < work_.streams && idle_helpers_ > 0) return std::nullopt;
    if (finishing_ < work_.streams)
      for (size_t picture = told_; picture < looked_; ++picture)
        if (place(picture).stage == Stage::kSeen) {
          ++finishing_;
          return Task{Station::kFinish, picture, thread};
        }
    if (!stopped_ && read_ < std::min(pictures_, told_ + places_.size()) &&
        with_pixels_ < pixels_at_once_ && reading_ < work_.streams) {
      ++reading_;
      ++with_pixels_;
      return Task{Station::kRead, read_++, thread};
    }
    return std::nullopt;
  }

  void do_it(const Task& task) {
    Place& at = place(task.picture);
    try {
      switch (task.station) {
        case Station::kRead:
          return read(task, at);
        case Station::kLook:
          return look(task, at);
        case Station::kFinish:
          return finish(task, at);
        case Station::kTell:
          return tell(task, at);
      }
    } catch (const std::bad_alloc&) {
      fail(task, out_of_memory("a picture"));
    } catch (const std::exception& error) {
      fail(task, unexpected(excerpt(error.what())));
    } catch (...) {
      fail(task, unexpected("an exception of no known type"));
    }
  }

  // Nothing may leave a thread: the program would end there and then, or wait for ever for who
  // did.
  void fail(const Task& task, const Error& error) {
    place(task.picture).said = error;
    if (task.station == Station::kTell) result_ = error;
  }

  static Error unexpected(const std::string& what) {
    return runtime_error("a picture could not be worked on: " + what);
  }

  void read(const Task& task, Place& at) {
    Result<Image> image = work_.read(task.picture);
    if (image) {
      at.image = *std::move(image);
    } else {
      at.said = image.error();
    }
  }

  void look(const Task& task, Place& at) {
    Result<Detections> found = work_.look(task.thread, task.picture, at.image);
    if (!found) {
      at.said = found.error();
      return;
    }
    at.found = *std::move(found);
    if (!work_.drawn) finish(task, at);
  }

  void finish(const Task& task, Place& at) {
    at.said = work_.finish(task.picture, at.image, std::move(at.found));
  }

  // What ends the work is an error of this picture, or of telling it.
  void tell(const Task& task, const Place& at) {
    const Result<std::string>& said = *at.said;
    result_ = said || said.error().kind == ErrorKind::kInput ? tell_(task.picture, said)
                                                             : Result<void>(said.error());
  }

  void note_done(const Task& task) {
    Place& at = place(task.picture);
    if (at.said && task.station != Station::kTell) {
      at.image = Image();
      --with_pixels_;
    }
    at.stage = at.said                          ? Stage::kDone
               : task.station == Station::kRead ? Stage::kRead
                                                : Stage::kSeen;
    if (task.station == Station::kRead) --reading_;
    if (task.station == Station::kFinish) --finishing_;
    if (task.station == Station::kTell) {
      at = Place();
      ++told_;
      over_ = over_ || !result_;
    }
    // Who could not be read need not be looked at.
    while (looked_ < read_ && place(looked_).stage == Stage::kDone) ++looked_;
  }

  const size_t pictures_;
  const PictureWork& work_;
  const TellPicture& tell_;
  const size_t pixels_at_once_;

  std::mutex mutex_;  // of all below; a place in hand is that of who has it
  std::condition_variable changed_;
  std::vector<Place> places_;
  // Pictures before these are begun to be read, begun to be looked at (or cannot be), told.
  size_t read_ = 0, looked_ = 0, told_ = 0;
  size_t reading_ = 0, finishing_ = 0, idle_helpers_ = 0;
  size_t with_pixels_ = 0;  // begun to be read, not yet done
  bool stopped_ = false, over_ = false;
  Result<void> result_;
};

}  // namespace

size_t pictures_at_once(size_t streams, bool drawn) { return 2 * streams + (drawn ? 1 : 0); }

Result<void> work_through(size_t pictures, const PictureWork& work, const TellPicture& tell) {
  return Pipeline(pictures, work, tell).run();
}

}  // namespace shrike
