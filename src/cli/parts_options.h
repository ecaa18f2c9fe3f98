// --parts and --shard: work on pictures by processes that know of each other by the files they leave
// in one folder (validate/part_files.h).
#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/shard.h"

namespace shrike {

struct PartsOptions {
  std::string folder;  // empty: in one piece, in memory
  std::string shard;   // I/N; empty: the environment's, or all that is missing

  bool wanted() const { return !folder.empty(); }
};

void add_parts_options(CLI::App& app, PartsOptions& options);

// An error (kUsage) for a share without a folder.
Result<void> check_parts_options(const PartsOptions& options);

// What a process does.
struct WorkShare {
  Shard shard;        // all, where nobody says otherwise
  bool tells = true;  // the result, once all is there: the first of a launcher, and who is alone
};

// Errors (kUsage): --shard or the environment makes no sense.
Result<WorkShare> work_share(const PartsOptions& options);

// How far a share has come.
struct ShareDone {
  Shard shard;
  size_t pictures = 0;  // of the share
  size_t missing = 0;   // of all, which no part has yet
};

// On standard output, in place of a result.
void tell_share(const ShareDone& share, bool json);

// Hexadecimal SHA-256.
std::string digest(const std::string& text);
// Of a model's files, whatever folder they are in. Errors: those of reading them.
Result<std::string> digest_of_model(std::vector<std::filesystem::path> files);

}  // namespace shrike
