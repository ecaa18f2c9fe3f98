#include "pull/fetch.h"

#include "pull/process.h"
#include "base/sha256.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFileScheme = "file://";

fs::path part_of(const fs::path& target) { return target.string() + ".part"; }

uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

Result<void> rename_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    return runtime_error("cannot rename " + from.string() + " to " + to.string() + ": " +
                         error.message());
  return {};
}

void remove_file(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

// curl's exit statuses where a server does not go on from a part (curl(1), EXIT CODES): no ranges,
// the part is not accepted, the whole file sent behind it.
bool cannot_resume(int curl_status) {
  return curl_status == 33 || curl_status == 36 || curl_status == 63;
}

// Verified and renamed, or removed.
Result<void> settle(const fs::path& part, const fs::path& target, uint64_t size,
                    std::string_view sha256) {
  if (auto verified = verify_file(part, size, sha256); !verified) {
    remove_file(part);
    return verified;
  }
  return rename_file(part, target);
}

}  // namespace

Result<void> verify_file(const fs::path& path, uint64_t size, std::string_view sha256) {
  const uint64_t found = size_of(path);
  if (std::error_code error; !fs::exists(path, error))
    return runtime_error(path.string() + " is not there");
  if (found != size)
    return runtime_error(path.string() + " has " + std::to_string(found) + " bytes, expected " +
                         std::to_string(size));
  SHRIKE_ASSIGN(const std::string digest, sha256_of_file(path));
  if (digest != sha256)
    return runtime_error(path.string() + " has sha256 " + digest + ", expected " +
                         std::string(sha256));
  return {};
}

Result<void> fetch_with_curl(const std::string& address, const ManifestFile& file,
                             const fs::path& target, const OnProgress& progress) {
  const fs::path part = part_of(target);
  const bool resumed = size_of(part) > 0;
  const auto once_more = [&]() -> Result<void> {
    remove_file(part);
    if (size_of(part) > 0) return runtime_error("cannot remove " + part.string());
    return fetch_with_curl(address, file, target, progress);
  };
  if (size_of(part) < file.size) {
    const Command curl = {{"curl",
                           "--fail",
                           "--silent",
                           "--show-error",
                           "--location",
                           "--proto",
                           "=https",
                           "--connect-timeout",
                           "20",
                           "--retry",
                           "3",
                           "--speed-limit",
                           "100",
                           "--speed-time",
                           "60",
                           "--max-filesize",
                           std::to_string(file.size),
                           "--continue-at",
                           "-",
                           "--output",
                           part.string(),
                           "--url",
                           address},
                          {},
                          {}};
    const auto watch = [&] { return !progress || progress(size_of(part), file.size); };
    int status = 0;
    if (auto fetched = run_program(curl, watch, &status); !fetched) {
      if (!resumed || !cannot_resume(status))
        return in_context("cannot fetch " + address, fetched.error());
      return once_more();
    }
  }
  auto settled = settle(part, target, file.size, file.sha256);
  // What was kept from an earlier call may have been of another file: once more from the start.
  if (!settled && resumed) return once_more();
  return settled;
}

Result<void> fetch_from_file(const std::string& from, const ManifestFile& file,
                             const fs::path& target) {
  const fs::path source = from.starts_with(kFileScheme) ? from.substr(kFileScheme.size()) : from;
  SHRIKE_TRY(verify_file(source, file.size, file.sha256));
  const fs::path part = part_of(target);
  std::error_code error;
  fs::copy_file(source, part, fs::copy_options::overwrite_existing, error);
  if (error) {
    remove_file(part);
    return runtime_error("cannot copy " + source.string() + " to " + target.string() + ": " +
                         error.message());
  }
  return settle(part, target, file.size, file.sha256);
}

Result<void> extract_member(const fs::path& archive, const ManifestFile& file,
                            const fs::path& target, const OnProgress& progress) {
  const fs::path part = part_of(target);
  // --force-local: a colon in the path does not name another machine.
  const Command tar = {{"tar", "--extract", "--gzip", "--to-stdout", "--force-local", "--file",
                        archive.string(), "--", std::string(file.from)},
                       {},
                       part};
  const auto watch = [&] { return !progress || progress(0, file.size); };
  if (auto extracted = run_program(tar, watch); !extracted) {
    remove_file(part);
    return in_context("cannot extract " + std::string(file.from) + " from " + archive.string(),
                      extracted.error());
  }
  return settle(part, target, file.size, file.sha256);
}

}  // namespace shrike
