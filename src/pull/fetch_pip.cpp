// pip as a downloader. `pip download` of a source archive normally runs the package's own setup.py
// to learn its metadata, even when nothing is to be installed. Here pip is told to build without
// isolation, and the build backend it then imports is a stand-in that answers with the two lines
// of metadata we know already: the archive is fetched and its digest checked by pip, and no line
// of the package is executed.
#include "base/file.h"
#include "pull/fetch.h"
#include "pull/process.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

std::string backend_source(const PipPackage& package) {
  const std::string project(package.project), version(package.version);
  return "import os\n"
         "class Backend:\n"
         "    def get_requires_for_build_wheel(self, config_settings=None):\n"
         "        return []\n"
         "    def prepare_metadata_for_build_wheel(self, folder, config_settings=None):\n"
         "        name = '" +
         project + "-" + version +
         ".dist-info'\n"
         "        os.makedirs(os.path.join(folder, name))\n"
         "        with open(os.path.join(folder, name, 'METADATA'), 'w') as out:\n"
         "            out.write('Metadata-Version: 2.1\\nName: " +
         project + "\\nVersion: " + version +
         "\\n')\n"
         "        return name\n"
         "__legacy__ = Backend()\n";
}

// Removed with all it holds, also when something fails on the way.
class WorkFolder {
 public:
  static Result<WorkFolder> make(const fs::path& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
    SHRIKE_TRY(make_folders(path));
    return WorkFolder(path);
  }
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit WorkFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace

Result<void> fetch_with_pip(const PipPackage& package, const fs::path& target,
                            const OnProgress& progress) {
  SHRIKE_ASSIGN(const WorkFolder work, WorkFolder::make(target.string() + ".pip"));
  const fs::path backend = work.path() / "backend" / "setuptools";
  SHRIKE_TRY(make_folders(backend));
  SHRIKE_TRY(write_file(backend / "__init__.py", std::string_view()));
  SHRIKE_TRY(write_file(backend / "build_meta.py", std::string_view(backend_source(package))));

  const fs::path temporary = work.path() / "tmp";
  SHRIKE_TRY(make_folders(temporary));
  const std::string project(package.project);
  const fs::path requirements = work.path() / "requirements.txt";
  SHRIKE_TRY(write_file(requirements, project + "==" + std::string(package.version) +
                                          " --hash=sha256:" + std::string(package.sha256) + "\n"));
  const Command pip = {
      {"python3", "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
       "--no-cache-dir", "--no-deps", "--no-binary", project, "--no-build-isolation",
       "--use-pep517", "--ignore-requires-python", "--require-hashes", "--requirement",
       requirements.string(), "--dest", work.path().string()},
      // The second keeps setuptools' import hooks from looking into the stand-in. What pip writes
      // on its way goes with the work folder, also when it is ended in the middle.
      {"PYTHONPATH=" + (work.path() / "backend").string(), "SETUPTOOLS_USE_DISTUTILS=stdlib",
       "PYTHONDONTWRITEBYTECODE=1", "TMPDIR=" + temporary.string()},
      {}};
  const auto watch = [&] { return !progress || progress(0, package.size); };
  if (auto fetched = run_program(pip, watch); !fetched)
    return in_context("cannot fetch " + project + " " + std::string(package.version) + " with pip",
                      fetched.error());

  const fs::path archive = work.path() / package.archive;
  SHRIKE_TRY(verify_file(archive, package.size, package.sha256));
  std::error_code error;
  fs::rename(archive, target, error);
  if (error)
    return runtime_error("cannot rename " + archive.string() + " to " + target.string() + ": " +
                         error.message());
  return {};
}

}  // namespace shrike
