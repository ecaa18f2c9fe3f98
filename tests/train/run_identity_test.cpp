// `shrike train --resume` goes on with the run that lies there, by itself, on the data that it
// began with, or says why it does not.
#include <span>
#include <thread>

#include "base/sha256.h"
#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class RunIdentity : public SquaresTest {
 protected:
  std::vector<std::string> run(const std::string& out, const std::string& seed) const {
    return words(out, {"--epochs", "4", "--save-seconds", "0", "--seed", seed});
  }

  // Ended once it has judged an epoch.
  void start_and_end(const std::vector<std::string>& words, const std::string& out) {
    Start start;
    start.words = words;
    start.signal = SIGTERM;
    start.interrupt_when = at(out) / "results.csv";
    const Outcome outcome = run_shrike(start);
    ASSERT_EQ(outcome.code, 128 + SIGTERM) << outcome.err;
  }

  Outcome resume(const std::string& out) const {
    return run_shrike({"train", "--resume", path(out)});
  }

  // Which changes nothing in the folder.
  void expect_refused(const std::string& out, int code,
                      const std::vector<std::string>& parts) const {
    const std::vector<std::string> before = names_in(at(out) / "checkpoints");
    const Outcome outcome = resume(out);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    for (const std::string& part : parts)
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    EXPECT_EQ(names_in(at(out) / "checkpoints"), before);
  }

  std::string newest_state(const std::string& out) const {
    std::string newest;
    for (const std::string& name : names_in(at(out) / "checkpoints"))
      if (name.ends_with(".json") &&
          (name.size() > newest.size() || (name.size() == newest.size() && name > newest)))
        newest = name;
    return out + "/checkpoints/" + newest;
  }
};

// The network and the number of pictures are the same.
TEST_F(RunIdentity, ACheckpointOfAnotherSeedIsRefused) {
  start_and_end(run("run", "1"), "run");
  start_and_end(run("other", "2"), "other");
  fs::rename(at("run/checkpoints"), at("own"));
  fs::copy(at("other/checkpoints"), at("run/checkpoints"));
  expect_refused("run", 3, {"checkpoints/checkpoint-", "another run"});
  fs::remove_all(at("run/checkpoints"));
  fs::rename(at("own"), at("run/checkpoints"));
  const Outcome own = resume("run");
  EXPECT_EQ(own.code, 0) << own.err;
}

TEST_F(RunIdentity, AChangedValIsNoticed) {
  start_and_end(run("run", "0"), "run");
  const std::string label = bytes_of(at("set/labels/val/103.txt"));
  file("set/labels/val/103.txt", "0 0.5 0.5 0.25 0.25\n");
  expect_refused("run", 3, {"val", "the run began with"});
  file("set/labels/val/103.txt", label);

  const std::string picture = bytes_of(at("set/images/val/104.png"));
  file("set/images/val/104.png", picture.substr(0, 300));
  expect_refused("run", 3, {"104.png", "the run began with"});
  file("set/images/val/104.png", picture);

  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [blue, red]\n");
  expect_refused("run", 3, {"classes", "the run began with"});
  file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [red, blue]\n");
  EXPECT_EQ(resume("run").code, 0);
}

TEST_F(RunIdentity, ACheckpointOfAnotherFormatSaysSo) {
  start_and_end(run("run", "0"), "run");
  for (const std::string& name : names_in(at("run/checkpoints"))) {
    if (!name.ends_with(".json")) continue;
    Json all = Json::parse(bytes_of(at("run/checkpoints") / name));
    Json& body = all["checkpoint"];
    body["format"] = 1;
    const std::string checked = dump_json(body);
    all["sha256"] = sha256_hex(std::as_bytes(std::span(checked)));
    file("run/checkpoints/" + name, dump_json(all));
  }
  expect_refused("run", 3, {"format 1", "cannot go on with", "--model"});
}

TEST_F(RunIdentity, OneProcessAloneIsAtWork) {
  Start start;
  start.words = words("run", {"--epochs", "100000", "--patience", "0"});
  start.signal = SIGTERM;
  start.interrupt_when = at("enough");
  Outcome first;
  std::thread other([&] { first = run_shrike(start); });
  for (int i = 0; i < 6000 && !fs::exists(at("run/results.csv")); ++i) ::usleep(10'000);
  const Outcome second = resume("run");
  EXPECT_EQ(second.code, 2) << second.err;
  EXPECT_NE(second.err.find("at work in this folder"), std::string::npos) << second.err;
  const std::string note = bytes_of(at("run/run.lock"));
  EXPECT_NE(second.err.find(note.substr(0, note.find('\n'))), std::string::npos) << note;
  EXPECT_TRUE(note.starts_with("process ")) << note;
  file("enough", "");
  other.join();
  EXPECT_EQ(first.code, 128 + SIGTERM) << first.err;
  // What is left of a lock keeps nobody out.
  EXPECT_TRUE(fs::exists(at("run/run.lock")));
  start.words = {"train", "--resume", path("run")};
  fs::remove(at("run/last.onnx"));
  start.interrupt_when = at("run/last.onnx");
  const Outcome third = run_shrike(start);
  EXPECT_EQ(third.code, 128 + SIGTERM) << third.err;
}

// As if they had been given on the command line.
TEST_F(RunIdentity, ArgumentsAreCheckedAsThoseOfACommandLine) {
  start_and_end(run("run", "0"), "run");
  const std::string text = bytes_of(at("run/args.json"));
  const Json good = Json::parse(text);
  const auto refused = [&](const std::string& name, const Json& value, const std::string& part) {
    Json bad = good;
    ASSERT_TRUE(bad.contains(name)) << name;
    bad[name] = value;
    file("run/args.json", dump_json(bad));
    expect_refused("run", 3, {"args.json", part});
  };
  refused("batch", 0, "--batch");
  refused("epochs", 2.5, "--epochs");
  refused("epochs", "many", "'epochs'");
  refused("optimizer", "Adam", "--optimizer");
  refused("hsv_h", 7, "--hsv-h");
  refused("unlabeled", "there", "--unlabeled");
  refused("model", "yolov8n", "--scratch");
  EXPECT_EQ(good["model"], "") << "of a run from scratch";
  for (const Json& chosen : {Json("text"), Json::array({1}), Json::object()})
    refused("chosen", chosen, "which run it is of");
  for (const auto& [damaged, where] :
       {std::pair{std::string(), "it is empty"}, {text.substr(0, 40), "it ends too early, in line"},
        {"{\n\"batch\" 8}", "at byte 9 of line 2"}}) {
    file("run/args.json", damaged);
    expect_refused("run", 3, {"args.json: not valid JSON: ", where});
  }
  for (const std::string other : {"[]", "7", "{}"}) {
    file("run/args.json", other);
    expect_refused("run", 3, {"args.json: no good value for the option"});
  }
  fs::remove(at("run/args.json"));
  expect_refused("run", 3, {"--resume " + path("run") + ": ", "args.json"});
  file("run/args.json", text);
  const Outcome own = resume("run");
  EXPECT_EQ(own.code, 0) << own.err;
}

TEST_F(RunIdentity, OtherArgumentsAreNamedAndRefused) {
  start_and_end(run("run", "0"), "run");
  const std::string text = bytes_of(at("run/args.json"));
  const auto changed = [&](const std::vector<std::pair<std::string, Json>>& changes) {
    Json other = Json::parse(text);
    for (const auto& [name, value] : changes) {
      const Json::json_pointer where("/" + name);
      ASSERT_TRUE(other.contains(where)) << name;
      ASSERT_NE(other[where], value) << name;
      other[where] = value;
    }
    file("run/args.json", dump_json(other));
  };
  changed({{"lr0", 0.1}, {"seed", 5}, {"epochs", 6}});
  expect_refused("run", 3, {"args.json", "lr0 (began with null, now 0.1)",
                            "seed (began with 0, now 5)"});
  EXPECT_EQ(resume("run").err.find("epochs (began"), std::string::npos);
  for (const auto& [name, value] : std::vector<std::pair<std::string, Json>>{
           {"optimizer", "SGD"}, {"imgsz", "96"}, {"batch", 4}, {"hsv_h", 0.5}, {"nbs", 16},
           {"cos-lr", true}}) {
    changed({{name, value}});
    expect_refused("run", 3, {"args.json", name + " (began with "});
  }
  changed({{"chosen/lr0", 0.5}});
  expect_refused("run", 3, {"args.json", "chosen.lr0 (began with "});

  // What may be another. The data set is elsewhere by now.
  fs::rename(at("set"), at("moved"));
  changed({{"epochs", 5}, {"patience", 7}, {"save-seconds", 100}, {"threads", 1},
           {"cache-mb", 100}, {"tensorboard", true}, {"data", path("moved")}});
  const Outcome longer = resume("run");
  EXPECT_EQ(longer.code, 0) << longer.err;
  EXPECT_EQ(rows("run").size(), 6u);
}

// Of 3 batches each: the end of the second epoch is the least that is left of a run in its third.
TEST_F(RunIdentity, FewerEpochsThanWereBegunAreRefused) {
  ASSERT_EQ(run_shrike(words("run", {"--epochs", "3", "--save-seconds", "0"})).code, 0);
  const std::string text = bytes_of(at("run/args.json"));
  const auto shorter = [&](int epochs) {
    Json other = Json::parse(text);
    other["epochs"] = epochs;
    file("run/args.json", dump_json(other));
  };
  shorter(2);
  expect_refused("run", 3, {"args.json", "\"epochs\" is 2", "begun its epoch 3"});
  fs::remove(at("run/checkpoints/checkpoint-9.json"));  // the one before is in epoch 3
  expect_refused("run", 3, {"args.json", "\"epochs\" is 2", "begun its epoch 3"});
  shorter(3);
  EXPECT_EQ(resume("run").code, 0);
}

}  // namespace
}  // namespace shrike::testing
