#include "cli/bench_streams.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <exception>
#include <thread>

#include "base/signals.h"

namespace shrike {

namespace {

using Clock = std::chrono::steady_clock;

double ms_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - start).count();
}

// What one stream has seen.
struct Stream {
  Session* session = nullptr;
  std::vector<double> ms;
  Clock::time_point begin, end;
  Result<void> result;
};

void run_stream(Stream& stream, std::span<const Tensor> inputs, int warmup, int runs,
                std::barrier<>& start) {
  const auto run = [&] {
    if (!stream.result) return;
    const Clock::time_point before = Clock::now();
    const auto outputs = stream.session->run(inputs);
    if (!outputs) stream.result = outputs.error();
    stream.ms.push_back(ms_between(before, Clock::now()));
  };
  for (int i = 0; i < warmup; ++i) run();
  stream.ms.clear();
  start.arrive_and_wait();
  stream.begin = Clock::now();
  for (int i = 0; i < runs; ++i) run();
  stream.end = Clock::now();
}

// Starts every stream but the first on a thread of its own.
Result<void> start_threads(std::vector<Stream>& streams, std::span<const Tensor> inputs, int warmup,
                           int runs, std::barrier<>& start, std::vector<std::jthread>& threads) {
  const SignalsHeld held;  // in the streams: the caller answers them
  for (size_t i = 1; i < streams.size(); ++i) {
    try {
      threads.emplace_back(
          [&, inputs, warmup, runs, i] { run_stream(streams[i], inputs, warmup, runs, start); });
    } catch (const std::exception&) {
      // Those that wait for everybody go on without the missing ones.
      for (size_t missing = i - 1; missing < streams.size(); ++missing) start.arrive_and_drop();
      return runtime_error("bench --streams " + std::to_string(streams.size()) +
                           ": the machine refuses another thread");
    }
  }
  return {};
}

// Runs all streams, the first on the caller's thread.
Result<void> run_all(std::vector<Stream>& streams, std::span<const Tensor> inputs, int warmup,
                     int runs) {
  std::barrier start(static_cast<std::ptrdiff_t>(streams.size()));
  std::vector<std::jthread> threads;
  SHRIKE_TRY(start_threads(streams, inputs, warmup, runs, start, threads));
  run_stream(streams[0], inputs, warmup, runs, start);
  return {};
}

}  // namespace

Result<StreamTimes> run_streams(Session& session, std::span<const Tensor> inputs, int streams,
                                int warmup, int runs) {
  std::vector<Session> others;
  others.reserve(static_cast<size_t>(streams));
  std::vector<Stream> all(static_cast<size_t>(streams));
  all[0].session = &session;
  for (size_t i = 1; i < all.size(); ++i) {
    SHRIKE_ASSIGN(Session another, Session::another(session));
    others.push_back(std::move(another));
    all[i].session = &others.back();
  }
  SHRIKE_TRY(run_all(all, inputs, warmup, runs));
  const int64_t batch = inputs.empty() || inputs[0].shape().rank() == 0 ? 1 : inputs[0].shape()[0];
  StreamTimes times;
  Clock::time_point begin = all[0].begin, end = all[0].end;
  for (const Stream& stream : all) {
    SHRIKE_TRY(stream.result);
    times.ms.insert(times.ms.end(), stream.ms.begin(), stream.ms.end());
    begin = std::min(begin, stream.begin);
    end = std::max(end, stream.end);
  }
  const auto pictures = static_cast<double>(times.ms.size()) * static_cast<double>(batch);
  times.pictures_a_second = 1e3 * pictures / ms_between(begin, end);
  return times;
}

}  // namespace shrike
