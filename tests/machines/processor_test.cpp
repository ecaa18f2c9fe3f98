// Processors without the instructions that kernels are written for, and few of them.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "base/cpu.h"
#include "base/file.h"
#include "formats/npy.h"
#include "machine.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class Processor : public ProgramTest {
 protected:
  Processor() : darknet_(write_darknet_model(root_, "d")) {
    picture("a.png");
    Tensor x(DType::kF32, Shape{1, 3, 32, 64});
    uint32_t state = 7;
    for (float& value : x.mutable_data<float>()) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(state >> 8) / 16777216.0f;
    }
    EXPECT_TRUE(save_npy(x, at("x.npy")));
  }

  // The bytes of the Darknet model's output.
  std::string output_of(Start start, const std::string& folder) const {
    start.words = {"run", "--model", darknet_, "--input", path("x.npy"), "--output", path(folder)};
    const Outcome outcome = run_shrike(start);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    std::string all;
    for (const std::string& name : names_in(at(folder))) all += bytes_of(at(folder + "/" + name));
    return all;
  }
  static int cores(const Start& how) {
    Start start = how;
    start.words = {"version", "--json"};
    const Outcome outcome = run_shrike(start);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return json_lines(outcome.out).at(0)["cores"].get<int>();
  }

  const std::string darknet_;
};

// An emulated processor of 2008: SSE 4.2 and no more. It stops at any later instruction.
TEST_F(Processor, WithoutAvx) {
  if (!have_program("qemu-x86_64"))
    GTEST_SKIP() << "no emulator: Debian's package qemu-user has one";
  Start old;
  old.through = {"qemu-x86_64", "-cpu", "Nehalem"};
  old.words = {"version", "--json"};
  const Outcome version = run_shrike(old);
  ASSERT_EQ(version.code, 0) << version.err;
  EXPECT_EQ(json_lines(version.out).at(0)["features"].size(), 0u) << version.out;

  const std::string emulated = output_of(old, "emulated");
  const Variable plain("SHRIKE_CPU", "plain");
  EXPECT_EQ(emulated, output_of({}, "plain")) << "the same arithmetic on both";

  old.words = {"detect", path("a.png"), "--model", model_, "--save", path("out"), "--json"};
  const Outcome detected = run_shrike(old);
  EXPECT_EQ(detected.code, 0) << detected.err;
  EXPECT_EQ(json_lines(detected.out).at(0)["detections"].size(), 2u);
  EXPECT_EQ(names_in(at("out")), std::vector<std::string>{"a.png"});
}

TEST_F(Processor, AnUnknownLevelIsSaidOnceAndIgnored) {
  Start start;
  start.words = {"version", "--json"};
  const std::string usual = run_shrike(start).out;
  const Variable level("SHRIKE_CPU", "avx3");
  const Outcome outcome = run_shrike(start);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, usual);
  EXPECT_EQ(outcome.err, "shrike: SHRIKE_CPU: 'avx3' is neither plain nor avx2, and ignored\n");
}

TEST_F(Processor, OneCore) {
  Start one;
  one.prepare = [] {
    cpu_set_t mine, single;
    ::sched_getaffinity(0, sizeof mine, &mine);
    CPU_ZERO(&single);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&single) == 0; ++cpu)
      if (CPU_ISSET(cpu, &mine)) CPU_SET(cpu, &single);
    if (::sched_setaffinity(0, sizeof single, &single) != 0) ::_exit(125);
  };
  EXPECT_EQ(cores(one), 1);
  EXPECT_EQ(output_of(one, "one"), output_of({}, "all"));
  // More threads than cores take turns.
  one.words = {"detect", path("a.png"), "--model", model_, "--threads", "16", "--json"};
  EXPECT_EQ(json_lines(run_shrike(one).out).size(), 1u);
}

// A control group of version 1 or 2 with a quota, for as long as this lives.
class QuotaGroup {
 public:
  explicit QuotaGroup(const std::string& quota) {
    const std::string name = "shrike-test-" + std::to_string(::getpid());
    const bool unified = fs::exists("/sys/fs/cgroup/cgroup.controllers");
    folder_ = fs::path(unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu") / name;
    std::error_code error;
    there_ = fs::create_directory(folder_, error) &&
             (unified ? put("cpu.max", quota + " 100000") : put("cpu.cfs_quota_us", quota));
  }
  QuotaGroup(const QuotaGroup&) = delete;
  QuotaGroup& operator=(const QuotaGroup&) = delete;
  ~QuotaGroup() {
    std::error_code ignored;
    fs::remove(folder_, ignored);
  }
  bool there() const { return there_; }
  Prepare join() const {
    return [this] {
      if (!put("cgroup.procs", std::to_string(::getpid()))) ::_exit(125);
    };
  }

 private:
  bool put(const char* file, const std::string& text) const {
    std::ofstream out(folder_ / file);
    return out && out << text << std::flush;
  }
  fs::path folder_;
  bool there_;
};

TEST_F(Processor, AQuotaOfCores) {
  if (usable_cores() < 2) GTEST_SKIP() << "only one core is there anyway";
  for (const auto& [quota, expected] : {std::pair{"100000", 1}, {"50000", 1}, {"150000", 2}}) {
    const QuotaGroup group(quota);
    if (!group.there()) GTEST_SKIP() << "control groups cannot be made here";
    Start limited;
    limited.prepare = group.join();
    EXPECT_EQ(cores(limited), expected) << quota;
  }
}

}  // namespace
}  // namespace shrike::testing
