#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

class ArgumentsTest : public ::testing::Test {
 protected:
  ArgumentsTest() {
    app_.add_option("pictures", unused_, "for the help");
    app_.add_option("--conf", conf_, "threshold")->check(number_in(0, 1));
    app_.add_option("--max-det", max_det_, "most boxes");
    app_.add_option("--model", model_, "model");
    app_.add_flag("--json", json_, "JSON");
    app_.add_flag("--save-txt{labels}", save_txt_, "labels");
    app_.add_option("--qat", qat_, "integers")->expected(0, 1)->default_str("int8");
  }
  Result<Arguments> parse(const std::vector<std::string>& args) {
    return parse_arguments(app_, args);
  }
  std::vector<std::string> words(const std::vector<std::string>& args) {
    auto parsed = parse(args);
    EXPECT_TRUE(parsed) << parsed.error().message;
    return parsed ? parsed->words : std::vector<std::string>{"(error)"};
  }
  std::string error(const std::vector<std::string>& args) {
    const auto parsed = parse(args);
    EXPECT_FALSE(parsed);
    return parsed ? "" : parsed.error().message;
  }

  CLI::App app_;
  std::vector<std::string> unused_;
  double conf_ = 0;
  int max_det_ = 0;
  bool json_ = false;
  std::string model_, save_txt_, qat_;
};

using Words = std::vector<std::string>;

TEST_F(ArgumentsTest, EveryWayOfWritingAnOption) {
  for (const Words& args : {Words{"--max-det", "5"}, Words{"--max-det=5"}, Words{"--max_det=5"},
                            Words{"max_det=5"}, Words{"max-det=5"}}) {
    max_det_ = 0;
    EXPECT_TRUE(words(args).empty());
    EXPECT_EQ(max_det_, 5) << args[0];
  }
}

TEST_F(ArgumentsTest, OptionsThatGoWithoutAValue) {
  for (const Words& args : {Words{"--qat"}, Words{"--qat", "--json"}, Words{"--qat", "max-det=5"},
                            Words{"--json", "--qat"}}) {
    qat_.clear();
    EXPECT_TRUE(words(args).empty());
    EXPECT_EQ(qat_, "int8") << args[0];
  }
  for (const Words& args : {Words{"--qat", "int16x8"}, Words{"--qat=int16x8"}, Words{"qat=int16x8"}}) {
    EXPECT_TRUE(words(args).empty());
    EXPECT_EQ(qat_, "int16x8") << args[0];
  }
  qat_.clear();
  EXPECT_TRUE(words({}).empty());
  EXPECT_EQ(qat_, "");
}

TEST_F(ArgumentsTest, Flags) {
  words({"--json"});
  EXPECT_TRUE(json_);
  words({"json=False"});
  EXPECT_FALSE(json_);
  words({"--save-txt", "a.jpg"});
  EXPECT_EQ(save_txt_, "labels");
  words({"--save-txt=elsewhere"});
  EXPECT_EQ(save_txt_, "elsewhere");
}

TEST_F(ArgumentsTest, FileNamesArriveUntouched) {
  const Words odd = {"[a]", "a b.jpg", "new\nline.jpg", "x=1.jpg", "./conf=1", "++", "-", "*.jpg"};
  EXPECT_EQ(words(odd), odd);
  EXPECT_EQ(words({"a", "--json", "--", "--json", "-x.jpg", "conf=1", "--"}),
            (Words{"a", "--json", "-x.jpg", "conf=1", "--"}));
}

TEST_F(ArgumentsTest, ValuesArriveUntouched) {
  words({"--model", "-x [y].onnx"});
  EXPECT_EQ(model_, "-x [y].onnx");
  words({"--model=a=b"});
  EXPECT_EQ(model_, "a=b");
  words({"--model", "--json"});
  EXPECT_EQ(model_, "--json");
}

TEST_F(ArgumentsTest, MistakesAreNamedAndCorrected) {
  EXPECT_EQ(error({"--cofn", "0.5"}), "unknown option --cofn; did you mean --conf?");
  EXPECT_EQ(error({"cofn=0.5"}), "unknown option cofn; did you mean conf?");
  EXPECT_EQ(error({"--weather"}), "unknown option --weather");
  EXPECT_NE(error({"-q"}).find("-q"), std::string::npos);
  EXPECT_EQ(error({"--model"}), "option --model needs a value");
  EXPECT_EQ(error({"--model="}), "option --model needs a value");
  for (const char* value : {"2", "-0.1", "nan", "-nan", "inf", "half"})
    EXPECT_NE(error({"--conf", value}).find("--conf"), std::string::npos) << value;
  for (const char* value : {"0", "1", "0.5", "1e-3"})
    EXPECT_TRUE(words({"--conf", value}).empty()) << value;
  EXPECT_NE(error({"--max-det", "many"}).find("--max-det"), std::string::npos);
}

}  // namespace
}  // namespace shrike
