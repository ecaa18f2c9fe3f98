// Times every row of the integer convolution's table on a network's layers:
//
//   qconv_bench [--network yolov8n|yolox_nano|yolo_fastest] [--threads N] [--only TEXT]
//               [--seconds S] [--plain] [--words BITS]
//
// One line a layer and kernel: milliseconds (least of many runs), GMAC/s of a direct convolution
// and their share of what the fastest tile reaches on data in the first cache level. "chosen" marks
// the kernel that is selected; rows that decline as slower than another are timed too. Then the
// sums over the network: of each kernel, and of the chosen ones. --seconds is what a line may take,
// --plain adds the rows for any processor. --words times the table of 16-bit activations, with
// weights of so many bits, 8 to 16, spread like a bell.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "kernels/bench/integer_families.h"
#include "kernels/bench/small_layers.h"
#include "kernels/bench/yolov8n_layers.h"
#include "kernels/qconv/tile.h"

namespace shrike::kernels::bench {
namespace {

struct Network {
  const char* name;
  std::span<const Layer> layers;
  Activation activation;
};

const Network kNetworks[] = {
    {"yolov8n", kYolov8n, {ActivationKind::kSilu, 0, 0}},
    {"yolox_nano", kYoloxNano, {ActivationKind::kSilu, 0, 0}},
    {"yolo_fastest", kYoloFastestXl, {ActivationKind::kLeakyRelu, 0.1f, 0}},
};

struct Options {
  const Network* network = kNetworks;
  int threads = 1;
  double seconds = 0.1;
  bool plain = false;
  int word_bits = 0;  // 0: bytes
  std::string only;
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

// 10^9 multiply-adds a second of a tile on data in the first cache level, sums turned into bytes.
double tile_gmacs(const QTileKernel& tile) {
  constexpr int64_t kSteps = 128;
  const auto row = allocate_aligned(4 * kSteps), bytes = allocate_aligned(256),
             weights = allocate_aligned(static_cast<size_t>(4 * kSteps * tile.columns)),
             zeros = allocate_aligned(256);
  const OutputRule rule;
  const std::byte* inputs[kMaxQTileRows];
  std::byte* outputs[kMaxQTileRows];
  std::fill_n(inputs, kMaxQTileRows, row.get());
  std::fill_n(outputs, kMaxQTileRows, bytes.get());
  const int64_t offset = 0;
  const QTile args{inputs,
                   &offset,
                   1,
                   kSteps,
                   weights.get(),
                   reinterpret_cast<const int32_t*>(zeros.get()),
                   reinterpret_cast<const float*>(zeros.get()),
                   &rule,
                   outputs,
                   nullptr,
                   0,
                   tile.columns};
  const QTileFunction function =
      tile.function(QOutput::kBytes, RuleKind::kIdentity, false, tile.columns);
  constexpr int kRepeat = 200;
  const double least = least_seconds(
      [&] {
        for (int i = 0; i < kRepeat; ++i) function(args);
      },
      0.2);
  return static_cast<double>(kSteps * tile.step_elements() * tile.rows * tile.columns) * kRepeat /
         least * 1e-9;
}

double peak_gmacs() {
  double best = tile_gmacs(kQTilePlain);
#if SHRIKE_KERNELS_AVX2
  if (cpu_features().avx2_fma) best = std::max(best, tile_gmacs(kQTileAvx2));
  if (cpu_features().avx512) best = std::max(best, tile_gmacs(kQTileAvx512));
  if (cpu_features().avx512_vnni) best = std::max(best, tile_gmacs(kQTileAvx512Vnni));
#endif
  return best;
}

template <typename Problem>
void set_layer(Problem& p, const Layer& layer, const Activation& activation) {
  p.in_channels = layer.in;
  p.out_channels = layer.out;
  p.groups = layer.groups;
  p.kernel_h = p.kernel_w = layer.kernel;
  p.stride_h = p.stride_w = layer.stride;
  p.pad_top = p.pad_left = layer.kernel / 2;
  p.out_height = p.out_width = layer.size;
  p.in_height = p.in_width = layer.size * layer.stride;
  if (layer.silu) p.activation = activation;
}

struct Timing {
  double seconds;
  size_t packed_bytes;
};

template <typename Family>
Timing time_layer(const Family& family, const typename Family::Problem& p,
                  const typename Family::Kernel& kernel, const Options& options,
                  ThreadPool& pool) {
  const typename Family::Layer layer(family, p);
  const PackedConv packed = kernel.pack(p, layer.weights());
  const size_t size = kernel.scratch_bytes(p, pool.threads());
  const auto scratch = allocate_aligned(size);
  const double least = least_seconds(
      [&] {
        kernel.run(p, packed, layer.maps(), pool, {scratch.get(), size});
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
    std::printf("%-22s sum %26.2f ms %7.1f GMAC/s %5.1f %%, weights %.1f MB\n", name, ms,
                gmac / ms * 1e3, 100 * gmac / ms * 1e3 / peak, megabytes);
  }
};

// Whether a row could compute the problem, if only more slowly than another.
template <typename Kernel, typename Problem>
bool possible(const Kernel& kernel, const Problem& problem) {
  const char* reason = kernel.refuse ? kernel.refuse(problem) : nullptr;
  return !reason || std::strstr(reason, "faster");
}

template <typename Kernel>
bool wanted(const Kernel& kernel, const Options& options) {
  if (cpu_lacks(kernel.need, cpu_features())) return false;
  if (kernel.need == CpuNeed::kNothing && !options.plain) return false;
  return std::strcmp(kernel.name, "reference") != 0 || !options.only.empty();
}

std::string name_of(const Layer& layer) {
  char name[64];
  std::snprintf(name, sizeof name, "%ld>%ld k%ds%d%s %ldx%ld", static_cast<long>(layer.in),
                static_cast<long>(layer.out), static_cast<int>(layer.kernel),
                static_cast<int>(layer.stride), layer.groups > 1 ? " dw" : "",
                static_cast<long>(layer.size), static_cast<long>(layer.size));
  return name;
}

template <typename Family>
int run(const Family& family, const Options& options) {
  const double peak = peak_gmacs() * options.threads;
  std::printf("%s, %s, %d thread(s), tile of bytes in cache %.1f GMAC/s\n", cpu_name().c_str(),
              options.network->name, options.threads, peak);
  ThreadPool pool(options.threads);
  std::map<std::string, Sum> sums;
  Sum chosen;
  for (const Layer& layer : options.network->layers) {
    typename Family::Problem p = Family::problem();
    set_layer(p, layer, options.network->activation);
    const std::string name = name_of(layer);
    if (name.find(options.only) == std::string::npos) continue;
    const auto* choice = select_kernel(Family::kernels(), p).kernel;
    for (const auto& kernel : Family::kernels()) {
      if (!wanted(kernel, options) || !possible(kernel, p)) continue;
      const Timing timing = time_layer(family, p, kernel, options, pool);
      const double gmacs = static_cast<double>(p.macs()) * 1e-9 / timing.seconds;
      std::printf("%-20s x%d %-22s %8.3f ms %7.1f GMAC/s %5.1f %%%s\n", name.c_str(), layer.count,
                  kernel.name, timing.seconds * 1e3, gmacs, 100 * gmacs / peak,
                  &kernel == choice ? "  chosen" : "");
      sums[kernel.name].add(timing, p, layer.count);
      if (&kernel == choice) chosen.add(timing, p, layer.count);
    }
  }
  for (const auto& [kernel, sum] : sums) sum.print(kernel.c_str(), peak);
  chosen.print("chosen", peak);
  return 0;
}

}  // namespace
}  // namespace shrike::kernels::bench

int main(int argc, char** argv) {
  using namespace shrike::kernels::bench;
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--plain") {
      options.plain = true;
      continue;
    }
    if (flag == "--threads") options.threads = std::max(1, std::atoi(value));
    if (flag == "--seconds") options.seconds = std::atof(value);
    if (flag == "--only") options.only = value;
    if (flag == "--words") options.word_bits = std::clamp(std::atoi(value), 8, 16);
    if (flag == "--network")
      for (const Network& network : kNetworks)
        if (std::strcmp(network.name, value) == 0) options.network = &network;
    ++i;
  }
  if (options.word_bits > 0) return run(WordFamily{options.word_bits}, options);
  return run(ByteFamily{}, options);
}
