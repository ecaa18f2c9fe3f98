#include "cli/parts_options.h"

#include <algorithm>
#include <cstdio>
#include <span>

#include "base/file.h"
#include "base/sha256.h"
#include "cli/value_names.h"
#include "formats/json.h"

namespace shrike {

namespace fs = std::filesystem;

void add_parts_options(CLI::App& app, PartsOptions& options) {
  app.add_option("--parts", options.folder,
                 "Folder for what is found, part by part: a run that was ended goes on from there, "
                 "and several share the work")
      ->type_name(kFolderValue);
  app.add_option("--shard", options.shard,
                 "I/N: look at share I of N alone, from 0, for a later call without it")
      ->type_name("I/N");
}

Result<void> check_parts_options(const PartsOptions& options) {
  if (!options.shard.empty() && !options.wanted())
    return usage_error("--shard leaves what is found in a folder: give --parts, too");
  return {};
}

Result<WorkShare> work_share(const PartsOptions& options) {
  if (!options.shard.empty()) {
    SHRIKE_ASSIGN(const Shard shard, parse_shard(options.shard));
    return WorkShare{shard, false};
  }
  SHRIKE_ASSIGN(const std::optional<Shard> shard, shard_of_environment());
  return shard ? WorkShare{*shard, shard->index == 0} : WorkShare{};
}

void tell_share(const ShareDone& share, bool json) {
  if (json)
    std::printf("%s\n", dump_json({{"shard", {share.shard.index, share.shard.count}},
                                   {"pictures", share.pictures},
                                   {"missing", share.missing}})
                            .c_str());
  else
    std::printf("share %zu of %zu: %zu pictures done; of all, %zu are missing\n",
                share.shard.index, share.shard.count, share.pictures, share.missing);
}

std::string digest(const std::string& text) {
  return sha256_hex(std::as_bytes(std::span(text)));
}

Result<std::string> digest_of_model(std::vector<fs::path> files) {
  std::sort(files.begin(), files.end(),
            [](const fs::path& a, const fs::path& b) { return a.filename() < b.filename(); });
  std::string digests;
  for (const fs::path& file : files) {
    if (file.empty()) continue;
    SHRIKE_ASSIGN(const std::string one, sha256_of_file(file));
    digests += one + '\n';
  }
  return digest(digests);
}

}  // namespace shrike
