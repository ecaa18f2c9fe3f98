#include "train_cli/resume_point.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "base/excerpt.h"
#include "cli/terminal.h"
#include "train_cli/options_json.h"

namespace shrike {

namespace {

constexpr const char* kFirst = "the checkpoint of rank 0";

Result<std::optional<Checkpoint>> found_checkpoint(const RunFolder& folder) {
  SHRIKE_ASSIGN(FoundCheckpoint found, CheckpointFolder(folder.checkpoints()).newest());
  const bool begun = !found.damaged.empty() || std::filesystem::exists(folder.results());
  if (!found.checkpoint && begun)
    return input_error(
        shown_path(folder.checkpoints()) + ": no whole checkpoint to go on from" +
        (found.damaged.empty() ? "" : " (" + printable(found.damaged.front()) + ")") +
        "; the results of the run are left as they are");
  for (const std::string& damaged : found.damaged)
    say(printable(damaged) + "; the one before is used");
  return std::move(found.checkpoint);
}

// Checkpoints may have been brought from another folder.
Result<void> check_belongs(const Checkpoint& checkpoint, const Json& arguments,
                           const std::string& source) {
  const Json wanted = arguments.value("/chosen/network_sha256"_json_pointer, Json());
  if (checkpoint.state.value("/network/sha256"_json_pointer, Json()) != wanted)
    return model_error(source +
                       ": it is a checkpoint of another model than the run's args.json is for");
  const Json id = arguments.value("/chosen/run"_json_pointer, Json());
  if (checkpoint.state.value("/run/id"_json_pointer, Json()) != id)
    return input_error(source + ": it is a checkpoint of another run than the one that args.json "
                                "beside it is of");
  return {};
}

Result<std::optional<ResumePoint>> point_in(const RunFolder& folder, const Json& arguments) {
  SHRIKE_ASSIGN(std::optional<Checkpoint> checkpoint, found_checkpoint(folder));
  if (!checkpoint) return std::optional<ResumePoint>();
  const std::string source =
      shown_path(folder.checkpoints() / CheckpointFolder::name_of(checkpoint->step));
  SHRIKE_TRY(check_belongs(*checkpoint, arguments, source));
  SHRIKE_TRY(check_same_options(checkpoint->state.value("/run/arguments"_json_pointer, Json()),
                                arguments, shown_path(folder.arguments())));
  return std::optional(ResumePoint{*std::move(checkpoint), source});
}

// {"step", "state", "tensors": [{"name", "type", "shape", "bytes"}]}: bytes of the network's
// constants, which are few; of weights their shapes.
std::string message_of(const ResumePoint& point) {
  Json tensors = Json::array();
  for (const auto& [name, tensor] : point.checkpoint.tensors) {
    const bool constant = name.starts_with("network/");
    if (!constant && !name.starts_with("weights/")) continue;
    Json json = {{"name", name},
                 {"type", dtype_name(tensor.dtype())},
                 {"shape", tensor.shape().dims()}};
    if (constant) {
      json["bytes"] = Json::array();
      for (const std::byte byte : tensor.bytes()) json["bytes"].push_back(static_cast<int>(byte));
    }
    tensors.push_back(std::move(json));
  }
  return dump_json({{"step", point.checkpoint.step},
                    {"state", point.checkpoint.state},
                    {"tensors", std::move(tensors)}});
}

Result<NamedTensor> tensor_in(const Json& json) {
  const auto type = dtype_from_name(json.at("type").get<std::string>());
  if (!type) return input_error(std::string(kFirst) + ": a tensor of no known type");
  NamedTensor named{json.at("name").get<std::string>(),
                    Tensor(*type, Shape(json.at("shape").get<std::vector<int64_t>>()))};
  if (const auto bytes = json.find("bytes"); bytes != json.end()) {
    const std::vector<uint8_t> given = bytes->get<std::vector<uint8_t>>();
    const std::span<std::byte> to = named.tensor.mutable_bytes();
    if (given.size() != to.size())
      return input_error(std::string(kFirst) + ": a tensor of another size than its shape says");
    std::copy_n(std::as_bytes(std::span(given)).begin(), to.size(), to.begin());
  }
  return named;
}

Result<std::optional<ResumePoint>> point_of(const std::string& message) {
  if (message.empty()) return std::optional<ResumePoint>();
  SHRIKE_ASSIGN(const Json json, parse_json(message, kFirst));
  try {
    ResumePoint point;
    point.source = kFirst;
    json.at("step").get_to(point.checkpoint.step);
    point.checkpoint.state = json.at("state");
    for (const Json& tensor : json.at("tensors")) {
      SHRIKE_ASSIGN(NamedTensor named, tensor_in(tensor));
      point.checkpoint.tensors.push_back(std::move(named));
    }
    return std::optional(std::move(point));
  } catch (const Json::exception&) {
    return input_error(std::string(kFirst) + " is not as this program says it");
  }
}

}  // namespace

Result<std::optional<ResumePoint>> resume_point(const RunFolder& folder, const Json& arguments,
                                                Ranks& ranks) {
  if (ranks.alone()) return point_in(folder, arguments);
  std::optional<ResumePoint> own;
  const auto message = [&]() -> Result<std::string> {
    SHRIKE_ASSIGN(own, point_in(folder, arguments));
    return own ? message_of(*own) : std::string();
  };
  SHRIKE_ASSIGN(const std::string text, ranks.from_first(message));
  if (ranks.first()) return own;
  return point_of(text);
}

}  // namespace shrike
