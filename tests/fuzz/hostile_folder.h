// The folder of a model whose external data may name anything: a plain file, a link out, a second
// hard link, a folder.
#pragma once

#include <filesystem>

#include "base/file.h"
#include "formats/test_folder.h"
#include "harness.h"

namespace shrike::fuzz {

inline constexpr std::string_view kExternalNames[] = {
    "data.bin",    "link.bin",    "hard.bin", "folder", "folder/../data.bin",
    "../data.bin", "/etc/passwd", "none.bin", "",       "./data.bin"};
inline constexpr size_t kExternalBytes = 256;

class HostileFolder {
 public:
  HostileFolder() {
    std::error_code error;
    require(!!write_file(path() / "data.bin", std::string(kExternalBytes, '\1')) &&
                !!write_file(path() / "first.bin", "12345678") && !!make_folders(path() / "folder"),
            "a folder with files can be made");
    std::filesystem::create_symlink("/etc/passwd", path() / "link.bin", error);
    std::filesystem::create_hard_link(path() / "first.bin", path() / "hard.bin", error);
  }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TestFolder folder_;
};

}  // namespace shrike::fuzz
