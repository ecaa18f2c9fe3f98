#include "validate/class_map.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

using Names = std::vector<std::string>;
using Ids = std::vector<int>;

Result<ClassMap> matched(const Names& model, const Names& data,
                         ClassMatching matching = ClassMatching::kByName, bool known = true) {
  return match_classes({model, known}, {data, true}, matching);
}

Ids ids(const Result<ClassMap>& map) {
  EXPECT_TRUE(map) << map.error().message;
  return map ? map->data_class : Ids{};
}

TEST(ClassMapTest, NamesInAnyOrder) {
  EXPECT_EQ(ids(matched({"cat", "dog", "owl"}, {"owl", "cat", "dog"})), (Ids{1, 2, 0}));
}

TEST(ClassMapTest, CaseAndSeparatorsDoNotCount) {
  EXPECT_EQ(ids(matched({"traffic light", "Stop_Sign"}, {"stop-sign", "Traffic Light"})),
            (Ids{1, 0}));
}

TEST(ClassMapTest, OldAndNewWordsOfCoco) {
  const Names old_words = {"motorbike",   "aeroplane",   "sofa",
                           "pottedplant", "diningtable", "tvmonitor"};
  const Names new_words = {"motorcycle", "airplane", "couch", "potted plant", "dining table", "tv"};
  EXPECT_EQ(ids(matched(new_words, old_words)), (Ids{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(ids(matched(old_words, new_words)), (Ids{0, 1, 2, 3, 4, 5}));
}

TEST(ClassMapTest, AnEqualNameGoesBeforeASimilarOne) {
  EXPECT_EQ(ids(matched({"cup", "Cup", "owl"}, {"Cup", "owl", "cup"})), (Ids{2, 0, 1}));
  EXPECT_FALSE(matched({"cup", "Cup"}, {"CUP", "Cup"})) << "which one is meant?";
  EXPECT_FALSE(matched({"cup", "owl"}, {"Cup", "CUP"})) << "both would be one class";
}

TEST(ClassMapTest, ListsThatAreEqualNeedNoDifferentNames) {
  EXPECT_EQ(ids(matched({"thing", "thing"}, {"thing", "thing"})), (Ids{0, 1}));
}

TEST(ClassMapTest, AModelMayHaveMoreClasses) {
  const Result<ClassMap> map = matched({"cat", "dog", "owl"}, {"owl", "cat"});
  EXPECT_EQ(ids(map), (Ids{1, kNoClass, 0}));
  EXPECT_EQ(map->dropped, 1);
  EXPECT_EQ(map->wanted(), (Ids{0, 2}));
  EXPECT_EQ(matched({"cat"}, {"cat"})->wanted(), Ids{}) << "all";
}

TEST(ClassMapTest, AModelMayNotHaveFewer) {
  const Result<ClassMap> map = matched({"cat", "dog"}, {"cat", "dog", "owl"});
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().kind, ErrorKind::kInput);
  EXPECT_EQ(map.error().message,
            "class \"owl\" of the data set is none of the model's (the model has 2: cat, dog; the "
            "data set 3: cat, dog, owl); --classes-by-index matches them by number");
  EXPECT_FALSE(matched({"cat", "dog"}, {"a", "b", "c"}, ClassMatching::kByIndex));
}

TEST(ClassMapTest, LongListsAndNamesAreCutInErrors) {
  const Names many(1000, std::string(5000, 'x'));
  for (const Result<ClassMap>& map : {matched(many, {"cat"}), matched({"cat"}, many)}) {
    ASSERT_FALSE(map);
    EXPECT_LT(map.error().message.size(), 600u);
  }
}

TEST(ClassMapTest, ByIndex) {
  EXPECT_EQ(ids(matched({"cat", "dog"}, {"dog", "cat"}, ClassMatching::kByIndex)), (Ids{0, 1}));
  EXPECT_EQ(ids(matched({"a", "b", "c"}, {"dog", "cat"}, ClassMatching::kByIndex)),
            (Ids{0, 1, kNoClass}));
}

TEST(ClassMapTest, AModelWithoutNames) {
  EXPECT_EQ(ids(matched({"person", "bicycle"}, {"dog", "cat"}, ClassMatching::kByName, false)),
            (Ids{0, 1}));
  const Result<ClassMap> map =
      matched({"a", "b", "c"}, {"dog", "cat"}, ClassMatching::kByName, false);
  ASSERT_FALSE(map);
  EXPECT_NE(map.error().message.find("names no classes"), std::string::npos);
}

Result<ClassMap> shared(const Names& model, const Names& data, bool known = true) {
  return shared_classes({model, known}, {data, true});
}

TEST(SharedClassesTest, EachListMayHaveOthers) {
  const Result<ClassMap> map =
      shared({"cat", "dog", "Traffic light"}, {"owl", "traffic_light", "cat"});
  EXPECT_EQ(ids(map), (Ids{2, kNoClass, 1}));
  EXPECT_EQ(map->dropped, 1);
}

TEST(SharedClassesTest, TheFirstOfTwoThatAreOneClass) {
  EXPECT_EQ(ids(shared({"tv", "cat"}, {"owl", "tv monitor", "TV"})), (Ids{1, kNoClass}));
}

// Options of val are no help to who asks for these.
TEST(SharedClassesTest, AModelWithoutNames) {
  EXPECT_EQ(ids(shared({"0", "1"}, {"red", "blue"}, false)), (Ids{0, 1}));
  const Result<ClassMap> map = shared({"0", "1", "2"}, {"red", "blue"}, false);
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().message,
            "the model's file names no classes, so they must be as many (the model has 3: 0, 1, 2; "
            "the data set 2: red, blue)");
}

TEST(SharedClassesTest, NoneInCommonShowsBothLists) {
  const Result<ClassMap> map = shared({"cat", "dog"}, {"red", "blue"});
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().kind, ErrorKind::kInput);
  for (const char* name : {"cat", "dog", "red", "blue"})
    EXPECT_NE(map.error().message.find(name), std::string::npos) << map.error().message;
}

TEST(SharedClassesTest, WithoutNamesByNumberIfThereAreAsMany) {
  EXPECT_EQ(ids(shared({"0", "1"}, {"red", "blue"}, false)), (Ids{0, 1}));
  EXPECT_FALSE(shared({"0", "1", "2"}, {"red", "blue"}, false));
}

}  // namespace
}  // namespace shrike
