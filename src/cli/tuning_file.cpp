#include "cli/tuning_file.h"

#include <chrono>
#include <cmath>

#include "base/build_id.h"
#include "base/file.h"
#include "formats/json.h"
#include "pull/cache.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr int kFormat = 1;
constexpr size_t kMostBytes = size_t{16} << 20;
constexpr auto kLongestWait = std::chrono::seconds(10);

Error damaged(const fs::path& path, const char* what) {
  return input_error(path.string() + " is damaged: " + what);
}

Result<KernelTimes> times_of(const Json& json, const fs::path& path) {
  KernelTimes times;
  if (!json.is_object()) return damaged(path, "no object of times");
  for (const auto& [problem, kernels] : json.items()) {
    if (!kernels.is_object()) return damaged(path, "a problem without kernels");
    for (const auto& [kernel, ms] : kernels.items()) {
      if (!ms.is_number() || !(ms.get<double>() > 0) || !std::isfinite(ms.get<double>()))
        return damaged(path, "a time that is none");
      times[problem][kernel] = ms.get<double>();
    }
  }
  return times;
}

}  // namespace

std::string tuning_file_name(const std::string& cpu, const CpuFeatures& features) {
  std::string name;
  const auto add = [&](const std::string& text) {
    for (const char c : text) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      const bool digit = c >= '0' && c <= '9';
      if (letter || digit) {
        name += static_cast<char>(letter ? c | 0x20 : c);
      } else if (!name.empty() && name.back() != '-') {
        name += '-';
      }
    }
  };
  add(cpu.substr(0, 100));
  for (const std::string& feature : feature_names(features)) {
    name += '.';
    add(feature);
  }
  return name + ".json";
}

Result<fs::path> times_path(const std::string& folder) {
  if (build_id().empty()) return runtime_error("this program was linked without a build id");
  SHRIKE_ASSIGN(const fs::path cache, cache_folder());
  return cache / folder / tuning_file_name(cpu_name(), cpu_features());
}

Result<KernelTimes> read_times(const fs::path& path, const std::string& program) {
  std::error_code unknown;
  if (!fs::exists(path, unknown) && !unknown) return KernelTimes{};
  SHRIKE_ASSIGN(const std::string text, read_text(path, ErrorKind::kInput, kMostBytes));
  SHRIKE_ASSIGN(const Json json, parse_json(text, path.string()));
  if (!json.is_object() || !json.contains("format") || !json.contains("program") ||
      !json.contains("times"))
    return damaged(path, "no file of times");
  if (json["format"] != Json(kFormat) || json["program"] != Json(program)) return KernelTimes{};
  return times_of(json["times"], path);
}

Result<void> keep_times(const fs::path& path, const std::string& program,
                        const KernelTimes& times) {
  SHRIKE_TRY(make_folders(path.parent_path()));
  const auto give_up = std::chrono::steady_clock::now() + kLongestWait;
  fs::path lock_path = path;
  lock_path += ".lock";
  SHRIKE_ASSIGN(const FileLock lock,
                FileLock::acquire(
                    lock_path, [] {}, [&] { return std::chrono::steady_clock::now() < give_up; }));
  const Result<KernelTimes> there = read_times(path, program);
  KernelTimes all = there ? *there : KernelTimes{};
  for (const auto& [problem, kernels] : times)
    for (const auto& [kernel, ms] : kernels) all[problem][kernel] = ms;
  Json rows = Json::object();
  for (const auto& [problem, kernels] : all) {
    Json row = Json::object();
    for (const auto& [kernel, ms] : kernels) row[kernel] = ms;
    rows[problem] = std::move(row);
  }
  return write_file(
      path,
      dump_json({{"format", kFormat}, {"program", program}, {"times", std::move(rows)}}, 1) + "\n");
}

}  // namespace shrike
