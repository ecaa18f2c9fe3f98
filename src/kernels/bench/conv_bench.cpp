// Times every row of the convolution table on YOLOv8n's layers:
//
//   kernels_bench [--threads N] [--only TEXT] [--gap FLOATS] [--seconds S] [--plain] [--bfloat16]
//                 [--memory]
//                 [--layer IN,OUT,KERNEL,STRIDE,SIZE[,GROUPS]] [--activation NAME]
//
// One line a layer and kernel: milliseconds (least of many runs), GMAC/s of a direct convolution
// and their share of what the tile alone reaches on data in the first cache level. "chosen" marks
// the kernel that is selected; rows that decline as slower than another are timed too. Then the
// sums over the network: of each kernel, and of the chosen ones. --gap makes every pixel that much
// wider than its channels, as views into a concatenation are. --seconds is what a line may take.
// --plain adds the rows for any processor. --layer times that one (SIZE of the output) instead.
// --bfloat16 lets products be rounded, so that the rows for that are there.
// --memory prints how fast one thread reads memory beyond the caches, and nothing else.
// --activation takes that one in all layers: none, leaky_relu, silu ... (activation/activation.h).
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "kernels/bench/yolov8n_layers.h"
#include "kernels/conv/conv.h"
#include "kernels/tile/peak.h"

namespace shrike::kernels::bench {
namespace {

struct Options {
  int threads = 1;
  int64_t gap = 0;
  double seconds = 0.1;
  bool plain = false, bfloat16 = false, memory = false;
  std::string only;
  std::optional<ActivationKind> activation;
  std::vector<Layer> layers{std::begin(kYolov8n), std::end(kYolov8n)};
};

double seconds() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

template <typename Body>
double least_seconds(const Body& body, double budget) {
  double least = 1e30;
  const double start = seconds();
  for (int i = 0; i < 3 || (seconds() - start < budget && i < 100000); ++i) {
    const double before = seconds();
    body();
    least = std::min(least, seconds() - before);
  }
  return least;
}

float* floats(const std::shared_ptr<std::byte>& bytes) {
  return reinterpret_cast<float*>(bytes.get());
}

ConvProblem problem_of(const Layer& layer, const Options& options) {
  ConvProblem p;
  p.in_channels = layer.in;
  p.out_channels = layer.out;
  p.kernel_h = p.kernel_w = layer.kernel;
  p.stride_h = p.stride_w = layer.stride;
  p.pad_top = p.pad_left = layer.kernel / 2;
  p.out_height = p.out_width = layer.size;
  p.in_height = p.in_width = layer.size * layer.stride;
  p.groups = layer.groups;
  p.activation.alpha = 0.1f;
  p.activation.kind =
      options.activation.value_or(layer.silu ? ActivationKind::kSilu : ActivationKind::kNone);
  if (options.bfloat16) p.precision = Precision::kBfloat16;
  return p;
}

MapView map_in(const std::shared_ptr<std::byte>& bytes, int64_t size, int64_t channels,
               int64_t gap) {
  const int64_t pixel = channels + gap;
  return {floats(bytes), size, size, channels, pixel, size * pixel};
}

size_t map_bytes(int64_t size, int64_t channels, int64_t gap) {
  return static_cast<size_t>(size * size * (channels + gap)) * sizeof(float);
}

struct Timing {
  double seconds;
  size_t packed_bytes;
};

Timing time_layer(const Layer& layer, const ConvKernel& kernel, const Options& options,
                  ThreadPool& pool) {
  const ConvProblem p = problem_of(layer, options);
  const auto input = allocate_aligned(map_bytes(p.in_height, p.in_channels, options.gap));
  const auto output = allocate_aligned(map_bytes(p.out_height, p.out_channels, options.gap));
  std::vector<float> weights(static_cast<size_t>(p.weight_count()), 0.01f);
  std::fill_n(floats(input), map_bytes(p.in_height, p.in_channels, options.gap) / 4, 0.5f);
  const PackedConv packed = kernel.pack(p, weights.data(), nullptr);
  const size_t size = kernel.scratch_bytes(p, pool.threads());
  const auto scratch = allocate_aligned(size);
  const ConvMaps maps{map_in(input, p.in_height, p.in_channels, options.gap),
                      map_in(output, p.out_height, p.out_channels, options.gap),
                      {}};
  const double least = least_seconds(
      [&] {
        kernel.run(p, packed, maps, pool, {scratch.get(), size});
      },
      options.seconds);
  return {least, packed.size};
}

struct Sum {
  double ms = 0, gmac = 0, megabytes = 0;

  void add(const Timing& timing, const ConvProblem& problem, int count) {
    ms += timing.seconds * 1e3 * count;
    gmac += static_cast<double>(problem.macs()) * 1e-9 * count;
    megabytes += static_cast<double>(timing.packed_bytes) * 1e-6 * count;
  }
  void print(const char* name, double peak) const {
    if (ms == 0) return;
    std::printf("%-20s sum %28.2f ms %7.1f GMAC/s %5.1f %%, weights %.1f MB\n", name, ms,
                gmac / ms * 1e3, 100 * gmac / ms * 1e3 / peak, megabytes);
  }
};

// Whether a row could compute the problem, if only more slowly than another.
bool possible(const ConvKernel& kernel, ConvProblem problem) {
  problem.by_estimate = false;
  return !kernel.refuse || !kernel.refuse(problem);
}

bool wanted(const ConvKernel& kernel, const Options& options) {
  if (cpu_lacks(kernel.need, cpu_features())) return false;
  if (kernel.need == CpuNeed::kNothing && !options.plain) return false;
  return std::strcmp(kernel.name, "reference") != 0 || !options.only.empty();
}

void bench_layers(const Options& options, double peak) {
  ThreadPool pool(options.threads);
  std::map<std::string, Sum> sums;
  Sum chosen;
  for (const Layer& layer : options.layers) {
    const ConvProblem p = problem_of(layer, options);
    char name[64];
    std::snprintf(name, sizeof name, "%ld>%ld%s k%ds%d %ldx%ld", static_cast<long>(layer.in),
                  static_cast<long>(layer.out), layer.groups > 1 ? " in groups" : "",
                  static_cast<int>(layer.kernel), static_cast<int>(layer.stride),
                  static_cast<long>(layer.size), static_cast<long>(layer.size));
    if (!options.only.empty() && !std::strstr(name, options.only.c_str())) continue;
    const ConvKernel* choice = select_kernel(conv_kernels(), p).kernel;
    for (const ConvKernel& kernel : conv_kernels()) {
      if (!wanted(kernel, options) || !possible(kernel, p)) continue;
      const Timing timing = time_layer(layer, kernel, options, pool);
      const double gmacs = static_cast<double>(p.macs()) * 1e-9 / timing.seconds;
      std::printf("%-20s x%d %-20s %8.3f ms %7.1f GMAC/s %5.1f %%%s\n", name, layer.count,
                  kernel.name, timing.seconds * 1e3, gmacs, 100 * gmacs / peak,
                  &kernel == choice ? "  chosen" : "");
      sums[kernel.name].add(timing, p, layer.count);
      if (&kernel == choice) chosen.add(timing, p, layer.count);
    }
  }
  for (const auto& [kernel, sum] : sums) sum.print(kernel.c_str(), peak);
  chosen.print("chosen", peak);
}

Layer layer_of(const char* text) {
  Layer layer{1, 1, 1, 1, 1, true, 1};
  std::sscanf(text, "%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%" SCNd64,
              &layer.in, &layer.out, &layer.kernel, &layer.stride, &layer.size, &layer.groups);
  return layer;
}

// Bytes a second of a sum over 256 MB, the best of some.
double memory_rate() {
  const std::vector<float> floats(size_t{64} << 20, 1.0f);
  double best = 0;
  for (int round = 0; round < 8; ++round) {
    const auto start = std::chrono::steady_clock::now();
    float sums[64] = {};
    for (size_t i = 0; i < floats.size(); i += 64)
      for (size_t j = 0; j < 64; ++j) sums[j] += floats[i + j];
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (sums[0] > 0)
      best = std::max(best, static_cast<double>(floats.size() * sizeof(float)) / took.count());
  }
  return best;
}

int run(const Options& options) {
  if (options.memory) {
    std::printf("%s, reading memory %.1f GB/s\n", cpu_name().c_str(), memory_rate() * 1e-9);
    return 0;
  }
  const double peak = peak_gmacs(0.2) * options.threads;
  std::printf("%s, %d thread(s), tile in cache %.1f GMAC/s\n", cpu_name().c_str(), options.threads,
              peak);
  bench_layers(options, peak);
  return 0;
}

}  // namespace
}  // namespace shrike::kernels::bench

namespace {

using shrike::kernels::bench::Options;

// Whether there is an option of that name with a value.
bool take(Options& options, const std::string& flag, const char* value) {
  if (flag == "--threads") {
    options.threads = std::max(1, std::atoi(value));
  } else if (flag == "--gap") {
    options.gap = std::max(0, std::atoi(value));
  } else if (flag == "--seconds") {
    options.seconds = std::atof(value);
  } else if (flag == "--only") {
    options.only = value;
  } else if (flag == "--layer") {
    options.layers = {shrike::kernels::bench::layer_of(value)};
  } else if (flag == "--activation") {
    for (const auto& info : shrike::kernels::kActivations)
      if (info.name == value) options.activation = info.kind;
    return options.activation.has_value();
  } else {
    return false;
  }
  return true;
}

int usage(const char* unknown) {
  if (unknown)
    std::fprintf(stderr, "kernels_bench: %s is no option, or its value is missing\n", unknown);
  std::fprintf(
      unknown ? stderr : stdout,
      "kernels_bench [--threads N] [--only TEXT] [--gap FLOATS] [--seconds S] [--plain]\n"
      "              [--bfloat16] [--memory] [--layer IN,OUT,KERNEL,STRIDE,SIZE[,GROUPS]]\n"
      "              [--activation NAME]\n"
      "times every row of the convolution table on the layers of YOLOv8n, or on that one\n");
  return unknown ? 2 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--help" || flag == "-h") return usage(nullptr);
    if (flag == "--plain" || flag == "--bfloat16" || flag == "--memory") {
      (flag == "--plain"    ? options.plain
       : flag == "--memory" ? options.memory
                            : options.bfloat16) = true;
      continue;
    }
    if (++i == argc || !take(options, flag, argv[i])) return usage(flag.c_str());
  }
  return shrike::kernels::bench::run(options);
}
