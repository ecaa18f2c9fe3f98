// A run of several processes: the same training, whoever starts them, and whatever happens to one.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>

#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;
using Environment = std::vector<std::pair<std::string, std::string>>;

// Of this test's own launchers: below those that the system gives to connections (32768 and up).
int next_port() {
  static int port = 21000 + static_cast<int>(::getpid() % 11000);
  return ++port;
}

// Whether it came to be true within two minutes.
bool comes(const std::function<bool()>& true_at_last) {
  const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (!true_at_last()) {
    if (std::chrono::steady_clock::now() > late) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

class RanksTest : public SquaresTest {
 protected:
  RanksTest() {
    for (const char* name :
         {"RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "SLURM_PROCID",
          "SLURM_NTASKS", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE"})
      unset_.emplace_back(new Variable(name, {}));
  }

  Words run(const std::string& out, const Words& more = {}) const {
    Words all = words(out, {"--epochs", "4", "--save-seconds", "0", "--warmup-epochs", "1",
                            "--close-mosaic", "2"});
    all[12] = "1";  // threads
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  static Environment rank_of(int rank, int size, int port) {
    return {{"RANK", std::to_string(rank)},
            {"WORLD_SIZE", std::to_string(size)},
            {"MASTER_ADDR", "127.0.0.1"},
            {"MASTER_PORT", std::to_string(port)}};
  }

  static std::future<Outcome> started(Start start, const Environment& environment) {
    start.prepare = [environment] {
      ::signal(SIGINT, SIG_DFL);  // a shell's background jobs ignore it
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    };
    return std::async(std::launch::async, [start] { return run_shrike(start); });
  }
  static std::future<Outcome> started(const Words& words, const Environment& environment) {
    Start start;
    start.words = words;
    return started(start, environment);
  }

  // Ranks 0 to 2 of `size`; rank 1 is killed once `when` is there.
  static std::vector<std::future<Outcome>> started_and_one_lost(const Words& words, int size,
                                                                int port, const fs::path& when) {
    std::vector<std::future<Outcome>> ranks;
    for (int r = 0; r < 3; ++r) {
      Start start;
      start.words = words;
      if (r == 1) {
        start.signal = SIGKILL;
        start.interrupt_when = when;
      }
      ranks.push_back(started(start, rank_of(r, size, port)));
    }
    return ranks;
  }

  // Losses of each epoch; AP is still 0 after so few.
  void expect_as_one(const std::string& out) {
    if (!fs::exists(at("one"))) {
      const Outcome one = run_shrike(run("one"));
      ASSERT_EQ(one.code, 0) << one.err;
    }
    const auto expected = rows("one"), got = rows(out);
    ASSERT_EQ(got.size(), expected.size());
    ASSERT_EQ(got[0], expected[0]);
    for (size_t r = 1; r < got.size(); ++r)
      for (size_t c = 0; c < got[0].size(); ++c) {
        if (!got[0][c].ends_with("_loss")) continue;
        const double value = std::stod(expected[r][c]);
        EXPECT_NEAR(std::stod(got[r][c]), value, 0.01 * value) << got[0][c] << " of epoch " << r;
      }
    for (const char* file : {"best.onnx", "last.onnx", "args.json", "report/index.html"})
      EXPECT_TRUE(fs::exists(at(out) / file)) << file;
  }

  std::vector<std::unique_ptr<Variable>> unset_;
};

TEST_F(RanksTest, OfThisHostTrainAsOne) {
  for (const Words& count : {Words{"--nproc", "2"}, Words{"nproc=3"}}) {
    const std::string out = "of" + count.front();
    const Outcome outcome = run_shrike(run(out, count));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    expect_as_one(out);
    EXPECT_EQ(outcome.out.find("best epoch"), outcome.out.rfind("best epoch")) << outcome.out;
  }
}

TEST_F(RanksTest, ASignalToOneEndsAllAndAnyNumberGoesOn) {
  for (const auto& [ended, signal] : {std::pair{1, SIGTERM}, {0, SIGINT}}) {
    const std::string out = "ended-" + std::to_string(ended);
    const int port = next_port();
    std::vector<std::future<Outcome>> ranks;
    for (int r = 0; r < 2; ++r) {
      Start start;
      start.words = run(out);
      if (r == ended) {
        start.signal = signal;
        start.interrupt_when = at(out) / "checkpoints";
      }
      ranks.push_back(started(start, rank_of(r, 2, port)));
    }
    for (std::future<Outcome>& rank : ranks) {
      const Outcome outcome = rank.get();
      EXPECT_EQ(outcome.code, 128 + signal) << outcome.err;
    }
    ASSERT_TRUE(!fs::exists(at(out) / "results.csv") || rows(out).size() < 5);
    // The network is in the checkpoint, for ranks without the folder, too.
    fs::rename(at("squares.cfg"), at("away.cfg"));
    const Words on = {"train", "--resume", path(out), "--nproc", ended == 1 ? "3" : "1"};
    const Outcome outcome = run_shrike(on);
    fs::rename(at("away.cfg"), at("squares.cfg"));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(rows(out).size(), 5u);
    expect_as_one(out);
  }
}

// Of 17 pictures in batches of 16 the last one has one picture: as many batches for any number of ranks.
TEST_F(RanksTest, OfABatchOfOnePictureTrainAsOne) {
  for (int picture = 117; picture < 124; ++picture)
    fs::remove(at("set/images/train/" + std::to_string(picture) + ".png"));
  const auto of_16 = [&](const std::string& out, const Words& more) {
    Words words = run(out, more);
    words[8] = "16";
    return words;
  };
  ASSERT_EQ(run_shrike(of_16("one", {})).code, 0);
  const Outcome together = run_shrike(of_16("together", {"--nproc", "3"}));
  ASSERT_EQ(together.code, 0) << together.err;
  expect_as_one("together");
  // Behind the first batch of two.
  Start start;
  start.words = of_16("ended", {});
  start.signal = SIGTERM;
  start.interrupt_when = at("ended/checkpoints");
  const Outcome ended = run_shrike(start);
  ASSERT_EQ(ended.code, 128 + SIGTERM) << ended.err;
  const Outcome on = run_shrike(Words{"train", "--resume", path("ended"), "--nproc", "2"});
  ASSERT_EQ(on.code, 0) << on.err;
  expect_as_one("ended");
}

// While rank 0 looks at val for long, and the others wait for it: there is no run yet to save.
TEST_F(RanksTest, ASignalWhileARunIsPreparedEndsAll) {
  Image noise(900, 900);
  std::mt19937 random(3);
  for (uint8_t& byte : noise.bytes()) byte = static_cast<uint8_t>(random());
  ASSERT_TRUE(write_image(at("set/images/val/200.png"), noise));
  file("set/labels/val/200.txt", "0 0.5 0.5 0.25 0.25\n");
  for (int i = 201; i < 500; ++i) {
    const std::string name = std::to_string(i);
    fs::create_hard_link(at("set/images/val/200.png"), at("set/images/val/" + name + ".png"));
    fs::create_hard_link(at("set/labels/val/200.txt"), at("set/labels/val/" + name + ".txt"));
  }
  // Said before val is opened.
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [red, red]\n");
  for (const int ended : {0, 1}) {
    const std::string flag = "flag-" + std::to_string(ended);
    const std::string said = path("said-" + std::to_string(ended));
    const int port = next_port();
    std::vector<std::future<Outcome>> ranks;
    for (int r = 0; r < 2; ++r) {
      Start start;
      start.words = run("prepared");
      if (r == ended) start.signal = SIGTERM;
      if (r == ended) start.interrupt_when = at(flag);
      if (r == 0) start.through = {"sh", "-c", "exec \"$0\" \"$@\" 2> '" + said + "'"};
      ranks.push_back(started(start, rank_of(r, 2, port)));
    }
    EXPECT_TRUE(comes([&] {
      return fs::exists(said) && bytes_of(said).find("both called") != std::string::npos;
    }));
    file(flag, "");
    for (std::future<Outcome>& rank : ranks) {
      const Outcome outcome = rank.get();
      EXPECT_EQ(outcome.code, 128 + SIGTERM) << outcome.err << bytes_of(said);
    }
    EXPECT_FALSE(fs::exists(at("prepared"))) << "it went on till it was a run";
  }
}

bool somebody_listens_at(int port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<uint16_t>(port));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool listens =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0;
  ::close(socket);
  return listens;
}

// Rank 0 serves the store and waits, and the second one never comes.
TEST_F(RanksTest, ASignalWhileItWaitsForOthersEndsIt) {
  const int port = next_port();
  Start start;
  start.words = run("waits");
  start.signal = SIGTERM;
  start.interrupt_when = at("listens");
  std::future<Outcome> rank = started(start, rank_of(0, 2, port));
  EXPECT_TRUE(comes([&] { return somebody_listens_at(port); }));
  file("listens", "");
  const Outcome outcome = rank.get();
  EXPECT_EQ(outcome.code, 128 + SIGTERM) << outcome.err;
  EXPECT_FALSE(fs::exists(at("waits")));
}

// Of a rank of the run `out`, or 0.
int process_of(const std::string& out, int rank) {
  std::error_code gone;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", gone)) {
    const auto text = [&](const char* name) {
      std::ifstream file(entry.path() / name);
      return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const std::string words = text("cmdline"), variables = '\0' + text("environ");
    const std::string own = '\0' + ("RANK=" + std::to_string(rank)) + '\0';
    if (words.find(out) != std::string::npos && variables.find(own) != std::string::npos)
      return std::stoi(entry.path().filename());
  }
  return 0;
}

// Whether a process is connected with somebody at a port.
bool is_connected(int process, int port) {
  std::set<std::string> own;
  std::error_code gone;
  const fs::path files = fs::path("/proc") / std::to_string(process) / "fd";
  for (fs::directory_iterator file(files, gone), end; !gone && file != end; file.increment(gone)) {
    std::error_code closed;
    own.insert(fs::read_symlink(file->path(), closed).string());
  }
  char wanted[16];
  std::snprintf(wanted, sizeof(wanted), ":%04X", static_cast<unsigned>(port));
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    std::string line, word;
    while (std::getline(lines, line)) {
      std::istringstream words(line);
      const std::vector<std::string> row{std::istream_iterator<std::string>(words), {}};
      if (row.size() > 9 && row[3] == "01" && row[2].ends_with(wanted) &&
          own.contains("socket:[" + row[9] + "]"))
        return true;
    }
  }
  return false;
}

// How often a process has waited for something.
int64_t waits_of(int process) {
  std::ifstream lines("/proc/" + std::to_string(process) + "/status");
  std::string word;
  int64_t count = 0;
  while (lines >> word)
    if (word == "voluntary_ctxt_switches:") lines >> count;
  return count;
}

// Of four, one dies while another is waited for, who comes then and hears of it, too.
TEST_F(RanksTest, WhoDiesBeforeAllAreThereIsNamed) {
  const int port = next_port();
  auto ranks = started_and_one_lost(run("unmet"), 4, port, at("waits"));
  // To say that it has come a rank waits some ten times for the store, and then all the time.
  constexpr int64_t kWaits = 200;
  for (const int rank : {0, 1, 2}) {
    int process = 0;
    EXPECT_TRUE(comes([&] {
      process = process_of(path("unmet"), rank);
      return is_connected(process, port);
    })) << rank;
    const int64_t before = waits_of(process);
    EXPECT_TRUE(comes([&] { return waits_of(process) >= before + kWaits; })) << rank;
  }
  file("waits", "");
  EXPECT_EQ(ranks[1].get().code, 128 + SIGKILL);
  ranks.push_back(started(run("unmet"), rank_of(3, 4, port)));
  for (const size_t r : {0, 2, 3}) {
    const Outcome outcome = ranks[r].get();
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_NE(outcome.err.find("(rank 1 is gone)"), std::string::npos) << outcome.err;
  }
}

TEST_F(RanksTest, ALostOneIsNamedByTheOthers) {
  const int port = next_port();
  Words words = run("lost");
  *(std::find(words.begin(), words.end(), "--epochs") + 1) = "100";
  auto ranks = started_and_one_lost(words, 3, port, at("lost/results.csv"));
  for (int r = 0; r < 3; ++r) {
    const Outcome outcome = ranks[static_cast<size_t>(r)].get();
    EXPECT_EQ(outcome.code, r == 1 ? 128 + SIGKILL : 5) << outcome.err;
    if (r != 1) {
      EXPECT_NE(outcome.err.find("(rank 1 is gone)"), std::string::npos) << outcome.err;
    }
  }
  const Outcome refused = run_shrike(run("lost", {"--nproc", "2"}));
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_NE(refused.err.find("a run lies there"), std::string::npos) << refused.err;
}

TEST_F(RanksTest, WhatDiffersIsSaidOnEach) {
  struct Case {
    Words first, second;
    int size_of_second;
    const char* why;
    int code;
  };
  file("other/data.yaml", "path: ../set\ntrain: images/val\nval: images/val\nnames: [red, blue]\n");
  Words data = run("data");
  const Words same = data;
  data[4] = path("other");
  const Case cases[] = {
      {run("a", {"--lrf", "0.1"}), run("a"), 2, "the options of rank 1", 2},
      {same, data, 2, "the options of rank 1", 2},
      {{"train", "--resume", path("c")}, run("c"), 2, "the uses of --resume of rank 1", 2},
      {run("b"), run("b"), 3, "that there are", 2},
  };
  for (const Case& c : cases) {
    const int port = next_port();
    auto first = started(c.first, rank_of(0, 2, port));
    auto second = started(c.second, rank_of(1, c.size_of_second, port));
    for (const Outcome& outcome : {first.get(), second.get()}) {
      EXPECT_EQ(outcome.code, c.code) << outcome.err;
      EXPECT_NE(outcome.err.find(c.why), std::string::npos) << outcome.err;
    }
    EXPECT_TRUE(!fs::exists(at("a")) && !fs::exists(at("data")) && !fs::exists(at("b")));
  }
}

TEST_F(RanksTest, OtherFilesBehindTheSameOptionsAreNoticed) {
  file("set/net.cfg", squares_network());
  for (const char* folder : {"labels", "model"}) {
    fs::create_directories(at(folder));
    fs::copy(at("set"), at(folder) / "set", fs::copy_options::recursive);
  }
  file("labels/set/labels/train/101.txt", "0 0.5 0.5 0.25 0.25\n");
  std::string wider = squares_network();
  wider.replace(wider.find("filters=16"), 10, "filters=24");
  file("model/set/net.cfg", wider);
  for (const auto& [folder, why] : {std::pair{"labels", "the pictures and labels of rank 1"},
                                    {"model", "the models of rank 1"}}) {
    const int port = next_port();
    std::vector<std::future<Outcome>> ranks;
    for (int r = 0; r < 2; ++r) {
      Start start;
      start.words = run("out");
      start.words[2] = "net.cfg";
      start.words[4] = "data.yaml";
      start.folder = r == 0 ? at("set") : at(folder) / "set";
      ranks.push_back(started(start, rank_of(r, 2, port)));
    }
    for (std::future<Outcome>& rank : ranks) {
      const Outcome outcome = rank.get();
      EXPECT_EQ(outcome.code, 2) << outcome.err;
      EXPECT_NE(outcome.err.find(why), std::string::npos) << outcome.err;
    }
  }
}

TEST_F(RanksTest, TheFirstAloneTellsWhatIsWrongWithPictures) {
  file("set/images/val/103.png", bytes_of(at("set/images/val/103.png")).substr(0, 300));
  file("set/labels/val/104.txt", "0 0.5 0.5 nothing 0.25\n");
  const Outcome outcome = run_shrike(run("bad", {"--nproc", "2", "--freeze", "nothing."}));
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  for (const char* file : {"val/103.png", "val/104.txt"}) {
    EXPECT_NE(outcome.err.find(file), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find(file), outcome.err.rfind(file)) << outcome.err;
  }
}

// Whoever looks at it: the command line, the data set, the network, its trainer.
TEST_F(RanksTest, WhatAllFailByIsSaidOnce) {
  const auto said_once = [&](const Words& more, int code, const std::string& what) {
    const Outcome outcome = run_shrike(run("once", more));
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(what), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(at("once")));
  };
  said_once({"--nproc", "3", "--lrf", "7"}, 2, "--lrf");
  said_once({"--nproc", "3", "--unlabeled", path("none")}, 2, "--unlabeled");
  said_once({"--nproc", "3", "--freeze", "none."}, 2, "'none.'");
  said_once({"--nproc", "3", "--freeze", "layer_"}, 2, "leaves nothing");
  fs::rename(at("set/images/val"), at("set/images/away"));
  said_once({"--nproc", "3"}, 3, "images/val");
}

TEST_F(RanksTest, MoreProcessesThanPictures) {
  Words few = run("few", {"--nproc", "3"});
  few[8] = "2";
  const Outcome outcome = run_shrike(few);
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("--batch 2"), std::string::npos) << outcome.err;
  // With and without a place where they meet, and a size.
  const auto refused = [&] {
    const Outcome twice = run_shrike(run("twice", {"--nproc", "2"}));
    EXPECT_EQ(twice.code, 2);
    for (const char* part : {"--nproc 2", "RANK '0'", "unset RANK"})
      EXPECT_NE(twice.err.find(part), std::string::npos) << twice.err;
  };
  const Variable rank("RANK", "0");
  refused();
  const Variable size("WORLD_SIZE", "2");
  refused();
  const Variable address("MASTER_ADDR", "127.0.0.1");
  refused();
}

TEST_F(RanksTest, TheExitCodeIsThatOfTheRankThatWasKilled) {
  Words words = run("killed", {"--nproc", "3"});
  *(std::find(words.begin(), words.end(), "--epochs") + 1) = "1000";
  std::future<Outcome> all = started(words, {});
  EXPECT_TRUE(comes([&] { return fs::exists(at("killed/results.csv")); }));
  const int rank = process_of(path("killed"), 1);
  ASSERT_GT(rank, 0);
  ASSERT_EQ(::kill(rank, SIGKILL), 0);
  const Outcome outcome = all.get();
  EXPECT_EQ(outcome.code, 128 + SIGKILL) << outcome.err;
  for (const char* said : {"rank 1 was ended by Killed", "rank 0 of 3", "rank 2 of 3",
                           "(rank 1 is gone)"})
    EXPECT_NE(outcome.err.find(said), std::string::npos) << said << " in " << outcome.err;
}

TEST_F(RanksTest, AHostWithoutAnAddressIsNamedByTheVariable) {
  std::vector<std::future<Outcome>> ranks;
  for (int r = 0; r < 2; ++r) {
    Environment environment = rank_of(r, 2, next_port());
    environment[2].second = "nobody.invalid";
    ranks.push_back(started(run("nowhere"), environment));
  }
  for (std::future<Outcome>& rank : ranks) {
    const Outcome outcome = rank.get();
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_NE(outcome.err.find("MASTER_ADDR 'nobody.invalid' is no host"), std::string::npos)
        << outcome.err;
  }
}

bool is_installed(const std::string& program) {
  return std::system((program + " --version > /dev/null 2>&1").c_str()) == 0;
}

TEST_F(RanksTest, OfOpenMpi) {
  if (!is_installed("mpirun")) GTEST_SKIP() << "mpirun is not installed (openmpi-bin)";
  Start start;
  start.through = {"mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n",
                   "2"};
  start.words = run("mpirun");
  const Outcome outcome = run_shrike(start);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_as_one("mpirun");
}

TEST_F(RanksTest, OfTorchrun) {
  const char* given = std::getenv("SHRIKE_TORCHRUN");
  const std::string torchrun = given ? given : "torchrun";
  if (std::system((torchrun + " -h > /dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << "no torchrun in PATH or SHRIKE_TORCHRUN (PyPI's torch)";
  Start start;
  start.through = {torchrun, "--no-python",   "--nproc-per-node",
                   "2",      "--master-port", std::to_string(next_port())};
  start.words = run("torchrun");
  const Outcome outcome = run_shrike(start);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_as_one("torchrun");
}

}  // namespace
}  // namespace shrike::testing
