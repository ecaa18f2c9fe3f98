// Heartbeat: a thread of each rank that says in the store that its process lives, whatever that is
// busy with, and notices who does not say so any more. Private to train.
//
// Each rank counts up a key of its own and looks at the one before it, in a ring of those that have
// come and have not left. Whoever misses a count for long, or is asked by a rank whose own work has
// failed, asks all; who does not answer within seconds is gone, and all say so alike. Keys:
//   beat/RANK        a count
//   left/RANK        it will not be counted on any more, in order
//   ask              the rank that is missed; "?" where work has failed
//   still/RANK       the answer: what its own work does, "waits" for other ranks or "works"
//   concluded/RANK   it knows who is gone
// Times are counted in beats, not by a clock: a host that slept misses nobody.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "train/process_group.h"
#include "train/store_client.h"

namespace shrike::train {

class Heartbeat {
 public:
  struct Limits {
    std::chrono::milliseconds between;  // beats
    // Called by the thread with who is gone, where the rank's own work has not come to an end
    // kGrace beats after that was known; may be empty.
    std::function<void(const std::string& gone)> too_late;
  };
  static constexpr int kMissed = 15;  // beats that a rank misses until it is asked for
  static constexpr int kGrace = 30;

  // Of the rank at `place`; begins. `store` is `client` with the group's prefix. Both stay with the
  // owner until the heartbeat is destroyed, which ends it in silence.
  Heartbeat(c10d::Store& store, StoreClient& client, const GroupPlace& place, Limits limits);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  // Whether some rank, or the store, is gone. Waits in the store have ended then.
  bool somebody_is_gone() const { return known_; }

  // Asks all, after a failure, and waits until it is known who is gone: " (rank 2 is gone)"; where
  // all are there " (rank 1 keeps the others waiting)", or nothing. Who serves the store stays for
  // seconds until the others know it, too.
  std::string who_is_gone();

  // Nobody misses this rank from now on.
  void leave();

  // While the rank's own work waits for other ranks.
  class Waiting {
   public:
    explicit Waiting(Heartbeat& heart) : heart_(heart) { ++heart_.waiting_; }
    ~Waiting() { --heart_.waiting_; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Heartbeat& heart_;
  };

 private:
  void run();
  void beat();
  // The rank that is missed, or -1.
  int missed();
  // The nearest one before this that has come and has not left; -1 where there is none.
  int watched();
  void answer();
  std::string list_of(const std::vector<int>& silent) const;
  void conclude(const std::string& gone);
  // Returns true where the thread is told to end before.
  bool pause(std::chrono::milliseconds time);
  void stop();

  c10d::Store& store_;
  StoreClient& client_;
  const GroupPlace place_;
  const Limits limits_;
  const std::string rank_;
  std::atomic<int> waiting_ = 0;
  std::atomic<bool> known_ = false;
  // Of the thread.
  int64_t beats_ = 0, seen_at_ = 0;
  int seen_rank_ = -1;
  std::string seen_;
  std::vector<bool> left_;
  // Of both.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::string gone_;
  std::thread thread_;
};

}  // namespace shrike::train
