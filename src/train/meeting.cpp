#include "train/meeting.h"

#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>

#include "train/group_links.h"
#include "train/guard.h"
#include "train/heartbeat.h"

namespace shrike::train {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kHello{15'000};  // in which a store answers the first question
constexpr milliseconds kBetweenLooks{20};

constexpr const char* kVerdict = "verdict";
// Its first letter; behind it what is to be said.
enum Verdict : char { kAllHere = 'a', kUsage = 'u', kRuntime = 'r', kSignal = 's' };

std::string word_of_this_process() {
  std::random_device random;
  return std::to_string(::getpid()) + "-" + std::to_string(random());
}

class Meeting {
 public:
  Meeting(c10d::Store& store, const GroupPlace& place, const MeetingLimits& limits,
          Heartbeat& heart)
      : store_(store),
        place_(place),
        limits_(limits),
        heart_(heart),
        rank_(std::to_string(place.rank)) {}

  Result<int> hold() {
    if (const std::string why = misfit(); !why.empty()) {
      say(kUsage, why);
      wait_until_heard();
      return usage_error(describe(place_) + ": " + why);
    }
    store_.set("here/" + rank_, bytes_of("1"));
    while (!store_.check({kVerdict})) look();
    return follow(text_of(store_.get(kVerdict)));
  }

 private:
  // Why this process is none of those that meet here.
  std::string misfit() {
    if (store_.add("claimed/" + rank_, 1) > 1)
      return "two processes say that they are rank " + rank_;
    const std::string size = std::to_string(place_.size);
    const std::string first = text_of(store_.compareSet("size", {}, bytes_of(size)));
    if (first == size) return {};
    return "one process says that there are " + first + ", rank " + rank_ + " that there are " +
           size;
  }

  void look() {
    const std::vector<int> silent = silent_ranks(store_, place_, "here", milliseconds(0));
    const int signal = limits_.interrupted ? limits_.interrupted() : 0;
    if (heart_.somebody_is_gone())
      say(kRuntime, "not all that came are still there" + heart_.who_is_gone());
    else if (silent.empty())
      say(kAllHere, {});
    else if (signal != 0)
      say(kSignal, std::to_string(signal));
    else if (Clock::now() >= limits_.end)
      say(kRuntime,
          "not all came within " + seconds_text() + listed(silent, " did not", " did not"));
    else
      std::this_thread::sleep_for(kBetweenLooks);
  }

  std::string seconds_text() const {
    return std::to_string(
               std::chrono::duration_cast<std::chrono::seconds>(limits_.end - limits_.begin)
                   .count()) +
           " s";
  }

  void say(Verdict verdict, const std::string& text) {
    store_.compareSet(kVerdict, {}, bytes_of(std::string(1, verdict) + text));
  }

  Result<int> follow(const std::string& verdict) {
    const std::string text = verdict.substr(std::min<size_t>(1, verdict.size()));
    const char kind = verdict.empty() ? '\0' : verdict[0];
    if (kind == kAllHere) return 0;
    store_.set("heard/" + rank_, bytes_of("1"));
    wait_until_heard();
    if (kind == kSignal) return std::stoi(text);
    const std::string message = describe(place_) + ": " + text;
    return kind == kRuntime ? runtime_error(message) : usage_error(message);
  }

  // The others ask the store that rank 0 serves.
  void wait_until_heard() {
    if (place_.rank != 0 || place_.store_is_served) return;
    const auto end = Clock::now() + kLastWords;
    const auto waits = [&](int rank) {
      const std::string r = std::to_string(rank);
      return store_.check({"here/" + r}) && !store_.check({"heard/" + r});
    };
    for (int r = 1; r < place_.size; ++r)
      while (waits(r) && Clock::now() < end) std::this_thread::sleep_for(kBetweenLooks);
  }

  c10d::Store& store_;
  const GroupPlace& place_;
  const MeetingLimits& limits_;
  Heartbeat& heart_;
  const std::string rank_;
};

}  // namespace

Result<void> greet(c10d::Store& store, const GroupPlace& place, const MeetingLimits& limits) {
  const std::string word = word_of_this_process();
  const std::string key = "hello/" + std::to_string(place.rank) + "/" + word;
  const auto all = std::chrono::duration_cast<milliseconds>(limits.end - limits.begin);
  std::string why = "it gives back something else than it was given";
  try {
    store.set(key, bytes_of(word));
    store.wait({key}, std::min(kHello, all));
    if (text_of(store.get(key)) == word) return {};
  } catch (const std::exception& error) {
    why = first_line(error);
  }
  return runtime_error(describe(place) +
                       ": who listens there is not the store of these processes, or does not "
                       "answer: " +
                       why);
}

Result<int> meet(c10d::Store& store, const GroupPlace& place, const MeetingLimits& limits,
                 Heartbeat& heart) {
  return Meeting(store, place, limits, heart).hold();
}

std::vector<int> silent_ranks(c10d::Store& store, const GroupPlace& place, const std::string& what,
                              milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  std::vector<std::string> keys;
  for (int r = 0; r < place.size; ++r) keys.push_back(what + "/" + std::to_string(r));
  while (true) {
    if (store.check(keys)) return {};
    std::vector<int> silent;
    for (int r = 0; r < place.size; ++r)
      if (!store.check({keys[static_cast<size_t>(r)]})) silent.push_back(r);
    if (silent.empty() || Clock::now() >= end) return silent;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

std::string listed(const std::vector<int>& ranks, const char* one, const char* more) {
  if (ranks.empty()) return {};
  std::string text = ranks.size() == 1 ? " (rank " : " (ranks ";
  for (size_t i = 0; i < ranks.size(); ++i) text += (i ? ", " : "") + std::to_string(ranks[i]);
  return text + (ranks.size() == 1 ? one : more) + ")";
}

}  // namespace shrike::train
