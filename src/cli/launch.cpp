#include "cli/launch.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/excerpt.h"

namespace shrike {

namespace {

constexpr int kMostPort = 65535;
constexpr int64_t kMostLocal = 1'000'000;

// Ranks on this host, by launcher.
constexpr const char* kLocalSizes[] = {"LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE",
                                       "MPI_LOCALNRANKS"};

// Which of them this is.
constexpr const char* kLocalRanks[] = {"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK",
                                       "MPI_LOCALRANKID", "SLURM_LOCALID"};

// What a variable holds; empty where it is not there.
std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool all_on_this_host(size_t ranks) {
  for (const char* name : kLocalSizes)
    if (number(variable(name)) == static_cast<int64_t>(ranks)) return true;
  return false;
}

Result<std::string> address_of(const Shard& share) {
  if (const auto address = variable("MASTER_ADDR"); !address.empty()) return std::string(address);
  for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST"})
    if (const auto list = variable(name); !list.empty()) return first_host(std::string(list));
  if (all_on_this_host(share.count)) return std::string("127.0.0.1");
  return usage_error("the environment says that this is one of " + std::to_string(share.count) +
                     " processes, and not where they meet: set MASTER_ADDR to the host of rank 0 "
                     "(mpirun: -x MASTER_ADDR=HOST)");
}

Result<int> port_of() {
  const std::string_view text = variable("MASTER_PORT");
  if (text.empty()) {
    const auto job = number(variable("SLURM_JOB_ID"));
    return job ? 20000 + static_cast<int>(*job % 10000) : Launch().port;
  }
  const auto port = number(text);
  if (!port || *port == 0 || *port > kMostPort)
    return usage_error("the environment's MASTER_PORT " + in_quotes(std::string(text)) +
                       " is no port");
  return static_cast<int>(*port);
}

}  // namespace

int ranks_without_bounds() {
  const auto ranks = number(variable("LOCAL_WORLD_SIZE"));
  return ranks && *ranks > 0 && *ranks <= kMostLocal ? static_cast<int>(*ranks) : 1;
}

int local_rank() {
  for (const char* name : kLocalRanks)
    if (const auto rank = number(variable(name)); rank && *rank <= kMostLocal)
      return static_cast<int>(*rank);
  return 0;
}

std::string first_host(const std::string& list) {
  std::string host;
  size_t i = 0;
  for (; i < list.size() && list[i] != ','; ++i) {
    if (list[i] != '[') {
      host += list[i];
      continue;
    }
    const size_t end = std::min(list.find(']', i), list.size());
    const std::string ranges = list.substr(i + 1, end - i - 1);
    host += ranges.substr(0, ranges.find_first_of(",-"));
    i = end;
  }
  return host;
}

Result<std::optional<Launch>> launch_of_environment() {
  SHRIKE_ASSIGN(const std::optional<Shard> share, shard_of_environment());
  if (!share || share->count == 1) return std::optional<Launch>();
  Launch launch;
  launch.share = *share;
  SHRIKE_ASSIGN(launch.address, address_of(*share));
  SHRIKE_ASSIGN(launch.port, port_of());
  launch.store_is_served = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
  if (const auto attempt = variable("TORCHELASTIC_RESTART_COUNT"); !attempt.empty())
    launch.attempt = attempt;
  return std::optional(launch);
}

}  // namespace shrike
