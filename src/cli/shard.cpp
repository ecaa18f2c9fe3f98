#include "cli/shard.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/excerpt.h"

namespace shrike {

namespace {

constexpr size_t kMostShards = 1'000'000;

struct LauncherRow {
  const char *rank, *size;
};
constexpr LauncherRow kLaunchers[] = {
    {"RANK", "WORLD_SIZE"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"PMI_RANK", "PMI_SIZE"},
    {"SLURM_PROCID", "SLURM_NTASKS"},
    {"JOB_COMPLETION_INDEX", "WORLD_SIZE"},
};

std::optional<size_t> number(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > kMostShards)
    return std::nullopt;
  return value;
}

bool is_set(const char* name) { return std::getenv(name) != nullptr; }

// The first whose pair is there; null where none is.
const LauncherRow* launcher() {
  for (const LauncherRow& row : kLaunchers)
    if (is_set(row.rank) && is_set(row.size)) return &row;
  return nullptr;
}

// Half of a pair that launchers set whole or not at all. JOB_COMPLETION_INDEX and Slurm's numbers are
// there by themselves for who wants no more than to tell jobs apart, and one process needs no rank.
Result<void> check_no_half() {
  if (is_set("RANK"))
    return usage_error("the environment has RANK " + in_quotes(std::getenv("RANK")) +
                       " and no WORLD_SIZE, the number of ranks: set both, or neither");
  const char* size = std::getenv("WORLD_SIZE");
  if (!size || std::string_view(size) == "1") return {};
  return usage_error("the environment has WORLD_SIZE " + in_quotes(size) +
                     " and neither RANK nor JOB_COMPLETION_INDEX, which of them this one is: set "
                     "RANK, or unset WORLD_SIZE");
}

std::optional<Shard> shard_of(std::string_view index, std::string_view count) {
  const std::optional<size_t> i = number(index), n = number(count);
  if (!i || !n || *i >= *n) return std::nullopt;
  return Shard{*i, *n};
}

}  // namespace

Result<Shard> parse_shard(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash != std::string::npos)
    if (const auto shard = shard_of(std::string_view(text).substr(0, slash),
                                    std::string_view(text).substr(slash + 1)))
      return *shard;
  return usage_error("--shard " + in_quotes(text) +
                     " is no share: of four they are 0/4, 1/4, 2/4 and 3/4");
}

Result<std::optional<Shard>> shard_of_environment() {
  if (const LauncherRow* row = launcher()) {
    const char *rank = std::getenv(row->rank), *size = std::getenv(row->size);
    const std::optional<Shard> shard = shard_of(rank, size);
    if (!shard)
      return usage_error("the environment's " + std::string(row->rank) + " " + in_quotes(rank) +
                         " of " + row->size + " " + in_quotes(size) +
                         " is no share: of 4 they are 0, 1, 2 and 3");
    return shard;
  }
  SHRIKE_TRY(check_no_half());
  return std::optional<Shard>();
}

std::string rank_of_launcher() {
  const LauncherRow* row = launcher();
  if (row && std::string_view(std::getenv(row->size)) == "1") return {};
  const char* name = row ? row->rank : is_set("RANK") ? "RANK" : nullptr;
  return name ? std::string(name) + " " + in_quotes(std::getenv(name)) : std::string();
}

}  // namespace shrike
