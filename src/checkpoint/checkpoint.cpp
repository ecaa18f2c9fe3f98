#include "checkpoint/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <system_error>

#include "base/durable_file.h"
#include "base/excerpt.h"
#include "base/file.h"
#include "base/sha256.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStart = "checkpoint-", kTensors = ".safetensors", kState = ".json";
constexpr std::string_view kTemporary = ".shrike.";  // base/temporary.h
// 1: without the run that it is of; 2: without the best scores; 3: without the run's options;
// 4: without the models' digests and the rows of results.csv
constexpr int kFormat = 5;
constexpr size_t kKept = 2;  // the newest, and the newest whole one before it
constexpr size_t kMostState = size_t{64} << 20;

std::string file_name(int64_t step, std::string_view ending) {
  return std::string(kStart) + std::to_string(step) + std::string(ending);
}

// The step of checkpoint-<step><ending>.
std::optional<int64_t> step_of(std::string_view name, std::string_view ending) {
  if (!name.starts_with(kStart) || !name.ends_with(ending)) return std::nullopt;
  if (name.size() <= kStart.size() + ending.size()) return std::nullopt;
  const std::string_view digits =
      name.substr(kStart.size(), name.size() - kStart.size() - ending.size());
  int64_t step = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  if (error != std::errc{} || end != digits.data() + digits.size() || step < 0) return std::nullopt;
  return step;
}

Result<std::vector<std::string>> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator at(folder, error), end;
  for (; !error && at != end; at.increment(error)) names.push_back(at->path().filename());
  if (error && error != std::errc::no_such_file_or_directory)
    return runtime_error("cannot read folder " + shown_path(folder) + ": " + error.message());
  return names;
}

// Steps of the checkpoints' states, the newest first.
std::vector<int64_t> steps_among(const std::vector<std::string>& names) {
  std::vector<int64_t> steps;
  for (const std::string& name : names)
    if (const std::optional<int64_t> step = step_of(name, kState)) steps.push_back(*step);
  std::sort(steps.begin(), steps.end(), std::greater<>());
  return steps;
}

std::string sha256_of(const std::string& text) {
  return sha256_hex(std::as_bytes(std::span(text)));
}

// The file's text: what is checked, and its check.
std::string state_file(const Checkpoint& checkpoint, const std::string& tensors_sha256) {
  const Json body = {{"format", kFormat},
                     {"step", checkpoint.step},
                     {"tensors", checkpoint.tensors.size()},
                     {"tensors_sha256", tensors_sha256},
                     {"state", checkpoint.state}};
  return dump_json({{"sha256", sha256_of(dump_json(body))}, {"checkpoint", body}}, 1) + "\n";
}

struct State {
  Json state;
  std::string tensors_sha256;
};

Result<State> read_state(const fs::path& path, int64_t step) {
  SHRIKE_ASSIGN(const std::string text, read_text(path, ErrorKind::kInput, kMostState));
  SHRIKE_ASSIGN(const Json file, parse_json(text, shown_path(path)));
  const auto damaged = [&](const char* why) { return input_error(shown_path(path) + ": " + why); };
  if (!file.is_object() || !file.contains("sha256") || !file.contains("checkpoint"))
    return damaged("no checkpoint");
  const Json& body = file["checkpoint"];
  if (!body.is_object() || file["sha256"] != sha256_of(dump_json(body)))
    return damaged("its bytes are not those that were written");
  // From here on the text is what state_file() wrote, whichever program that was in.
  if (const Json format = body.value("format", Json()); format != kFormat)
    return input_error(shown_path(path) + ": another version of this program wrote it (format " +
                       excerpt(dump_json(format)) + ", here " + std::to_string(kFormat) +
                       "), whose runs this one cannot go on with: go on with that version, or begin "
                       "a new run from its best.onnx or last.onnx (--model)");
  if (body.value("step", Json()) != step)
    return damaged("it is of another step than its name says");
  return State{body["state"], body["tensors_sha256"].get<std::string>()};
}

Result<Checkpoint> read_checkpoint(const fs::path& folder, int64_t step) {
  SHRIKE_ASSIGN(State state, read_state(folder / file_name(step, kState), step));
  const fs::path path = folder / file_name(step, kTensors);
  SHRIKE_ASSIGN(const std::shared_ptr<const MappedFile> file,
                MappedFile::open(path, ErrorKind::kInput));
  if (sha256_hex(file->bytes()) != state.tensors_sha256)
    return input_error(shown_path(path) + ": its bytes are not those that were written");
  SHRIKE_ASSIGN(Safetensors tensors, read_safetensors(file->bytes(), file, shown_path(path)));
  return Checkpoint{step, std::move(state.state), std::move(tensors.tensors)};
}

// What no checkpoint that counts needs any more. What cannot be removed does no harm.
void remove_others(const fs::path& folder, const std::vector<std::string>& names,
                   const std::set<int64_t>& kept) {
  for (const std::string& name : names) {
    std::optional<int64_t> step = step_of(name, kState);
    if (!step) step = step_of(name, kTensors);
    std::error_code ignored;
    if (step ? !kept.contains(*step) : name.starts_with(kTemporary))
      fs::remove(folder / name, ignored);
  }
}

}  // namespace

std::string CheckpointFolder::name_of(int64_t step) { return file_name(step, kState); }

Result<void> CheckpointFolder::write(const Checkpoint& checkpoint) const {
  SHRIKE_TRY(make_folders(folder_));
  const std::string header = safetensors_header(checkpoint.tensors);
  std::vector<std::span<const std::byte>> pieces = {std::as_bytes(std::span(header))};
  for (const NamedTensor& item : checkpoint.tensors) pieces.push_back(item.tensor.bytes());
  Sha256 sha256;
  for (const std::span<const std::byte> piece : pieces) sha256.update(piece);
  SHRIKE_TRY(write_durable_file(folder_ / file_name(checkpoint.step, kTensors), pieces));
  const std::string state = state_file(checkpoint, sha256.hex_digest());
  SHRIKE_TRY(write_durable_file(folder_ / file_name(checkpoint.step, kState), state));

  SHRIKE_ASSIGN(const std::vector<std::string> names, names_in(folder_));
  std::set<int64_t> kept = {checkpoint.step};
  for (const int64_t step : steps_among(names))
    if (step < checkpoint.step && kept.size() < kKept && read_checkpoint(folder_, step))
      kept.insert(step);
  remove_others(folder_, names, kept);
  return {};
}

Result<FoundCheckpoint> CheckpointFolder::newest(std::optional<int64_t> before) const {
  SHRIKE_ASSIGN(const std::vector<std::string> names, names_in(folder_));
  FoundCheckpoint found;
  for (const int64_t step : steps_among(names)) {
    if (before && step >= *before) continue;
    Result<Checkpoint> checkpoint = read_checkpoint(folder_, step);
    if (checkpoint) {
      found.checkpoint = *std::move(checkpoint);
      break;
    }
    // Too little memory is no damage.
    if (checkpoint.error().kind == ErrorKind::kRuntime) return checkpoint.error();
    found.damaged.push_back(checkpoint.error().message);
  }
  return found;
}

}  // namespace shrike
