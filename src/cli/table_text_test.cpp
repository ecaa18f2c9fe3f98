#include "cli/table_text.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

TEST(TableText, Columns) {
  const Table table{{{"Class"}, {"Objects", true}, {"AP", true}},
                    {{"cat", Number{12, 0}, Number{0.5}},
                     {"m\u00e4\nuse", Number{1000000000, 0}, Number{}},
                     {std::string(39, 'x') + "\u20ac\u20ac", Number{}, Number{0.25, 1}}}};
  EXPECT_EQ(table_text(table),
            "Class                                        Objects     AP\n"
            "cat                                               12  0.500\n"
            "m\u00e4\\nuse                                   1000000000      -\n"
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...           -    0.2\n");
}

TEST(TableText, NoBlanksAtTheEnd) {
  EXPECT_EQ(table_text({{{"Name"}, {"Interval"}}, {{"a", ""}, {"b", "0 to 1"}}}),
            "Name  Interval\na\nb     0 to 1\n");
  EXPECT_EQ(table_text({{{"Name"}}, {}}), "");
}

}  // namespace
}  // namespace shrike
