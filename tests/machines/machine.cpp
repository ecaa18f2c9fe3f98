#include "machine.h"

#include <grp.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/file.h"

namespace shrike::testing {

namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534;

constexpr const char* kLayers = R"([net]
width=64
height=32
channels=3

[convolutional]
batch_normalize=1
filters=8
size=3
stride=1
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[convolutional]
batch_normalize=1
filters=8
groups=8
size=3
stride=1
pad=1
activation=leaky

[convolutional]
filters=8
size=1
stride=1
pad=1
activation=linear

[shortcut]
from=-3
activation=linear

[maxpool]
size=2
stride=2

[upsample]
stride=2

[route]
layers=-1,-4

[maxpool]
size=2
stride=1

[convolutional]
filters=21
size=1
stride=1
pad=1
activation=linear

[yolo]
scale_x_y = 1.05
mask = 0,1,2
anchors = 4,8, 8,4, 16,16
classes=2
num=3
)";

// Floats in front of the last convolution's 21 biases and 16x21 weights, by layer.
constexpr size_t kFloats = (4 * 8 + 27 * 8) + (4 * 8 + 9 * 8) + (8 + 64) + (21 + 16 * 21);

}  // namespace

Prepare limited(int resource, size_t limit) {
  return [resource, limit] {
    const rlimit both{limit, limit};
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) ::_exit(125);
  };
}

Prepare as_nobody() {
  return [] {
    if (::getuid() != 0) return;
    if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)
      ::_exit(125);
  };
}

void make_read_only(const fs::path& folder) {
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  ASSERT_EQ(::chmod(folder.parent_path().c_str(), 0755), 0);
}

Outcome run_with(const Prepare& prepare, const std::vector<std::string>& words) {
  Start start;
  start.words = words;
  start.prepare = prepare;
  return run_shrike(start);
}

SmallDisk::SmallDisk(const fs::path& folder, size_t bytes) : folder_(folder) {
  fs::create_directories(folder);
  const std::string size = "size=" + std::to_string(bytes);
  there_ = ::mount("shrike-test", folder.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

SmallDisk::~SmallDisk() {
  if (there_) ::umount2(folder_.c_str(), MNT_DETACH);
}

std::string write_darknet_model(const fs::path& folder, const std::string& name) {
  std::string weights(20 + 4 * kFloats, '\0');
  weights[4] = 2;  // version 0.2, then 64 bits of "seen"
  uint32_t state = 1;
  for (size_t i = 0; i < kFloats; ++i) {
    state = state * 1664525u + 1013904223u;
    // Variances of batch norms are among them: nothing negative.
    const float value = static_cast<float>(state >> 8) / 16777216.0f / 4;
    std::memcpy(weights.data() + 20 + 4 * i, &value, sizeof value);
  }
  EXPECT_TRUE(write_file(folder / (name + ".cfg"), std::string_view(kLayers)));
  EXPECT_TRUE(write_file(folder / (name + ".weights"), std::string_view(weights)));
  return (folder / (name + ".cfg")).string();
}

bool have_program(const std::string& name) {
  std::istringstream folders(::getenv("PATH") ? ::getenv("PATH") : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((fs::path(folder) / name).c_str(), X_OK) == 0) return true;
  return false;
}

}  // namespace shrike::testing
