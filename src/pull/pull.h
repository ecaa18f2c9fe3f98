// pull: a model of the manifest, by name, in the cache and verified.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pull/fetch.h"
#include "pull/manifest.h"

namespace shrike {

struct PulledModel {
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;  // in the order of the manifest's row
};

struct PullOptions {
  std::filesystem::path cache;                  // see cache_folder()
  bool verify = true;                           // digests also of files that were right before
  std::function<void(const std::string&)> say;  // one line about what is being done
  OnProgress progress;
};

// The row's files, fetched unless they are there; one with another digest is fetched again. Without
// `verify` digests are computed once, and again only of files that have changed since (verified.h).
// Two processes that want the same model fetch it once. Where nothing has to be fetched, nothing
// has to be writable. Errors (kRuntime) say what to put where by hand, or that `progress` said no.
Result<PulledModel> pull(const ManifestRow& row, const PullOptions& options);

// True when every file of the row is in the cache with the right size.
bool is_pulled(const ManifestRow& row, const std::filesystem::path& cache);

// How to get the row's files into the cache on a machine without a network: one line.
std::string offline_advice(const ManifestRow& row, const std::filesystem::path& cache);

}  // namespace shrike
