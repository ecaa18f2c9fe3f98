#include "train/process_group.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/excerpt.h"
#include "train/group_links.h"
#include "train/guard.h"
#include "train/meeting.h"

namespace shrike::train {

namespace {

const std::string kArrived = "1";                           // before what a rank failed by
constexpr std::chrono::milliseconds kBetweenQuestions{50};  // of who waits for another rank

// "A, not B": the first lines that differ.
std::string difference(const std::string& text, const std::string& other) {
  std::istringstream a(text), b(other);
  std::string own, theirs;
  do {
    if (!std::getline(a, own)) own = "nothing";
    if (!std::getline(b, theirs)) theirs = "nothing";
  } while (own == theirs && a && b);
  for (std::string* line : {&own, &theirs})  // of JSON
    if (line->ends_with(',')) line->pop_back();
  return excerpt(own) + ", not " + excerpt(theirs);
}

}  // namespace

struct ProcessGroup::State {
  GroupPlace place;
  GroupLinks links;
  std::function<int()> interrupted;
  int signal = 0;  // of any rank, as far as it is known here
  bool failed = false;

  ~State() {
    if (!failed) links.leave(place);
  }

  // Throws what `error` means: with the ranks that are gone.
  [[noreturn]] void fail(const char* what, const std::exception& error) {
    failed = true;
    hear_signal();  // before who serves the store has told all who is gone, and goes
    throw std::runtime_error(describe(place) + ": " + what + ": " + first_line(error) +
                             links.heart->who_is_gone());
  }

  // Of a call that waits for other ranks.
  template <typename Call>
  auto or_fail(const char* what, Call&& call) {
    const Heartbeat::Waiting waiting(*links.heart);
    try {
      return call();
    } catch (const std::exception& error) {
      fail(what, error);
    }
  }

  // The error of a call that ends with an exception of fail().
  template <typename Call>
  Result<void> result_of(const char* what, Call&& call) {
    try {
      or_fail(what, std::forward<Call>(call));
      return {};
    } catch (const std::exception& error) {
      return runtime_error(error.what());
    }
  }

  // Notes this rank's signal, and says it to the others.
  void tell_signal() {
    if (signal != 0 || !interrupted || interrupted() == 0) return;
    signal = interrupted();
    links.store->set("signal", bytes_of(std::to_string(signal)));
  }

  void hear_signal() {
    try {
      tell_signal();
      if (signal == 0 && links.store->check({"signal"}))
        signal = std::stoi(text_of(links.store->get("signal")));
    } catch (const std::exception&) {
      // The store is gone, and with it what others have said.
    }
  }

  // Until `rank` has written the key, however long its work takes; throws when it never will.
  void wait_for_key(const std::string& key, int rank) {
    c10d::Store& store = *links.store;
    const std::string left = "left/" + std::to_string(rank);
    while (!store.check({key})) {
      tell_signal();
      if (links.heart->somebody_is_gone() || (store.check({left}) && !store.check({key})))
        throw std::runtime_error("it does not go on");
      std::this_thread::sleep_for(kBetweenQuestions);
    }
  }

  void sum(const at::Tensor& x) {
    if (x.is_cpu())
      links.ordered->reduce(x, add_to);
    else
      links.on_gpus().sum(x);
  }

  Carrier::Wait start_sum(const at::Tensor& x) {
    return (x.is_cpu() ? *links.beside : links.on_gpus()).start_sum(x);
  }
};

struct ProcessGroup::Pending::Work {
  State* state;
  Carrier::Wait wait;
};

ProcessGroup::ProcessGroup(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProcessGroup::ProcessGroup(ProcessGroup&&) noexcept = default;
ProcessGroup& ProcessGroup::operator=(ProcessGroup&&) noexcept = default;
ProcessGroup::~ProcessGroup() = default;

Result<ProcessGroup> ProcessGroup::join(const GroupPlace& place, std::chrono::milliseconds timeout,
                                        const std::function<int()>& interrupted,
                                        const std::function<void(const std::string&)>& too_late) {
  auto state = std::make_unique<State>();
  state->place = place;
  state->interrupted = interrupted;
  const Result<void> joined =
      guarded(describe(place) + ": joining the others", [&]() -> Result<void> {
        const auto tell = [too_late, place](const std::string& gone) {
          too_late(describe(place) + ": others are lost" + gone);
        };
        SHRIKE_ASSIGN(state->links,
                      connect(place, timeout, interrupted,
                              too_late ? tell : std::function<void(const std::string&)>()));
        return {};
      });
  GroupLinks& links = state->links;
  // Who is told to end does not say what it waited for.
  if (!joined && interrupted) links.ended_by = interrupted();
  state->failed = !joined || links.ended_by != 0;
  if (!joined && links.ended_by == 0) return joined.error();
  return ProcessGroup(std::move(state));
}

int ProcessGroup::rank() const { return state_->place.rank; }
int ProcessGroup::size() const { return state_->place.size; }
int ProcessGroup::ended_by() const { return state_->links.ended_by; }

int ProcessGroup::signal() const {
  state_->hear_signal();
  return state_->signal;
}

void ProcessGroup::give_up() {
  if (state_->links.gpus) state_->failed = true;
}

Result<void> ProcessGroup::sum(const at::Tensor& x) {
  return state_->result_of("adding up", [&] { state_->sum(x); });
}

Result<void> ProcessGroup::largest(std::span<double> numbers) {
  return state_->result_of("the largest of all", [&] {
    state_->links.ordered->reduce(
        at::from_blob(numbers.data(), {static_cast<int64_t>(numbers.size())}, at::kDouble),
        [](const auto& a, const auto& b) { a.copy_(at::maximum(a, b)); });
  });
}

Result<void> ProcessGroup::broadcast(const at::Tensor& x) {
  return state_->result_of("what rank 0 has", [&] { state_->links.ordered->broadcast(x); });
}

Result<void> ProcessGroup::done(const std::string& what, const std::string& text) {
  return state_->result_of("telling the others",
                           [&] { state_->links.store->set("done/" + what, bytes_of(text)); });
}

Result<std::string> ProcessGroup::wait_for(const std::string& what) {
  std::string text;
  SHRIKE_TRY(state_->result_of("waiting for another rank", [&] {
    state_->wait_for_key("done/" + what, 0);
    text = text_of(state_->links.store->get("done/" + what));
  }));
  return text;
}

Result<void> ProcessGroup::arrive(const std::string& what, const std::string& failure) {
  return state_->result_of("telling the others", [&] {
    state_->links.store->set("arrived/" + what + "/" + std::to_string(rank()),
                             bytes_of(kArrived + failure));
  });
}

Result<void> ProcessGroup::wait_for_all(const std::string& what) {
  std::string failure;
  SHRIKE_TRY(state_->result_of("waiting for all", [&] {
    for (int r = 0; r < size(); ++r) {
      const std::string key = "arrived/" + what + "/" + std::to_string(r);
      state_->wait_for_key(key, r);
      const std::string said = text_of(state_->links.store->get(key));
      if (failure.empty() && said != kArrived)
        failure = "rank " + std::to_string(r) + ": " + said.substr(kArrived.size());
    }
  }));
  if (!failure.empty()) return runtime_error(failure);
  return {};
}

Result<std::vector<std::string>> ProcessGroup::gather(const std::string& text) {
  std::vector<std::string> texts;
  SHRIKE_TRY(state_->result_of("gathering", [&] { texts = state_->links.ordered->gather(text); }));
  return texts;
}

Result<void> ProcessGroup::expect_same(const std::string& what, const std::string& text) {
  std::string first;
  SHRIKE_TRY(state_->result_of("comparing", [&] {
    c10d::Store& store = *state_->links.store;
    const std::string key = "same/" + what;
    if (rank() == 0) store.set(key, bytes_of(text));
    state_->wait_for_key(key, 0);
    first = text_of(store.get(key));
  }));
  const at::Tensor others = at::zeros({size()}, at::kInt);
  if (first != text) others[rank()] = 1;
  SHRIKE_TRY(sum(others));
  for (int r = 0; r < size(); ++r)
    if (others[r].item<int>() != 0)
      return usage_error(describe(state_->place) + ": " + what + " of rank " + std::to_string(r) +
                         " differ from those of rank 0" +
                         (first == text ? "" : ": " + difference(text, first)));
  return {};
}

at::Tensor ProcessGroup::summed(const at::Tensor& x) {
  at::Tensor sum = x.detach().clone(at::MemoryFormat::Contiguous);
  state_->or_fail("adding up", [&] { state_->sum(sum); });
  return sum;
}

ProcessGroup::Pending ProcessGroup::start_sum(const at::Tensor& x) {
  return state_->or_fail("adding up gradients", [&] {
    return Pending(std::make_unique<Pending::Work>(state_.get(), state_->start_sum(x)));
  });
}

ProcessGroup::Pending::Pending(std::unique_ptr<Work> work) : work_(std::move(work)) {}
ProcessGroup::Pending::Pending(Pending&&) noexcept = default;
ProcessGroup::Pending& ProcessGroup::Pending::operator=(Pending&&) noexcept = default;

ProcessGroup::Pending::~Pending() {
  if (!work_) return;
  try {
    work_->wait();
  } catch (const std::exception&) {
    // Who has not asked how it went has an error of its own.
  }
}

void ProcessGroup::Pending::wait() {
  const std::unique_ptr<Work> work = std::move(work_);
  work->state->or_fail("adding up gradients", [&] { work->wait(); });
}

}  // namespace shrike::train
