#include "train/heartbeat.h"

#include <algorithm>
#include <exception>

#include "train/group_links.h"
#include "train/meeting.h"

namespace shrike::train {

namespace {

constexpr const char* kWaits = "waits";
constexpr const char* kWorks = "works";
constexpr const char* kNobody = "?";  // in particular is missed

}  // namespace

Heartbeat::Heartbeat(c10d::Store& store, StoreClient& client, const GroupPlace& place,
                     Limits limits)
    : store_(store),
      client_(client),
      place_(place),
      limits_(std::move(limits)),
      rank_(std::to_string(place.rank)),
      left_(static_cast<size_t>(place.size)),
      thread_([this] { run(); }) {}

Heartbeat::~Heartbeat() { stop(); }

void Heartbeat::stop() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Heartbeat::leave() {
  stop();
  store_.set("left/" + rank_, bytes_of("1"));
}

bool Heartbeat::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return ended_; });
}

void Heartbeat::run() {
  try {
    do beat();
    while (!known_ && !pause(limits_.between));
  } catch (const std::exception&) {
    conclude(place_.store_is_served ? " (the store is gone)" : " (rank 0 is gone)");
  }
  if (!known_ || pause(kGrace * limits_.between) || !limits_.too_late) return;
  limits_.too_late(gone_);
}

void Heartbeat::beat() {
  store_.set("beat/" + rank_, bytes_of(std::to_string(++beats_)));
  if (store_.check({"ask"})) return answer();
  const int rank = missed();
  if (rank < 0) return;
  store_.compareSet("ask", {}, bytes_of(std::to_string(rank)));
  answer();
}

int Heartbeat::missed() {
  const int rank = watched();
  if (rank < 0) return -1;
  const std::string count = text_of(store_.get("beat/" + std::to_string(rank)));
  if (rank != seen_rank_ || count != seen_) {
    seen_rank_ = rank;
    seen_ = count;
    seen_at_ = beats_;
  } else if (store_.check({"left/" + std::to_string(rank)})) {
    left_[static_cast<size_t>(rank)] = true;
  } else if (beats_ - seen_at_ >= kMissed) {
    return rank;
  }
  return -1;
}

int Heartbeat::watched() {
  for (int step = 1; step < place_.size; ++step) {
    const int rank = (place_.rank - step + place_.size) % place_.size;
    if (left_[static_cast<size_t>(rank)]) continue;
    if (rank == seen_rank_ || store_.check({"beat/" + std::to_string(rank)})) return rank;
  }
  return -1;
}

void Heartbeat::answer() {
  store_.set("still/" + rank_, bytes_of(waiting_ > 0 ? kWaits : kWorks));
  std::vector<int> silent = silent_ranks(store_, place_, "still", kLastWords);
  // Who wakes up now, when others have given up, is gone to them.
  if (const std::string asked = text_of(store_.get("ask")); asked != kNobody) {
    const int missed = std::stoi(asked);
    if (std::find(silent.begin(), silent.end(), missed) == silent.end()) silent.push_back(missed);
    std::sort(silent.begin(), silent.end());
  }
  const std::string gone = list_of(silent);
  store_.set("concluded/" + rank_, bytes_of("1"));
  conclude(gone);
}

std::string Heartbeat::list_of(const std::vector<int>& silent) const {
  std::vector<int> gone, absent, working;
  for (const int r : silent)
    (store_.check({"beat/" + std::to_string(r)}) ? gone : absent).push_back(r);
  for (int r = 0; silent.empty() && r < place_.size; ++r)
    if (text_of(store_.get("still/" + std::to_string(r))) == kWorks) working.push_back(r);
  return listed(gone, " is gone", " are gone") + listed(absent, " has not come", " have not come") +
         listed(working, " keeps the others waiting", " keep the others waiting");
}

void Heartbeat::conclude(const std::string& gone) {
  {
    const std::lock_guard lock(mutex_);
    gone_ = gone;
    known_ = true;
  }
  client_.give_up_waits();
  changed_.notify_all();
}

std::string Heartbeat::who_is_gone() {
  const Waiting waiting(*this);
  try {
    if (!known_) store_.compareSet("ask", {}, bytes_of(kNobody));
  } catch (const std::exception&) {
    // The thread finds out that the store is gone.
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return known_ || ended_; });
  const std::string gone = gone_;
  lock.unlock();
  // The others ask the store that this process serves, and may know later.
  if (place_.rank == 0 && !place_.store_is_served) {
    try {
      silent_ranks(store_, place_, "concluded", kLastWords);
    } catch (const std::exception&) {
      // Nobody asks it.
    }
  }
  return gone;
}

}  // namespace shrike::train
