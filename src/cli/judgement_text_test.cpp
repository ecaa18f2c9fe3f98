#include "cli/judgement_text.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

Judgement judged(size_t pictures) {
  Judgement j;
  j.pictures = pictures;
  j.before = 0.512, j.after = 0.498;
  j.difference = PairedDifference{-0.014, {-0.021, -0.006}, 0};
  return j;
}

TEST(JudgementText, BeforeAfterAndTheInterval) {
  EXPECT_EQ(accuracy_text(judged(72)),
            "mAP 0.50:0.95 0.512 before, 0.498 after: -1.40 points (95 %: -2.10 to -0.60)\n");
  EXPECT_EQ(accuracy_json(judged(72))["interval95"], Json::array({-0.021, -0.006}));
  EXPECT_EQ(accuracy_text({}), "mAP 0.50:0.95 - before, - after\n");
  EXPECT_TRUE(accuracy_json({})["difference"].is_null());
}

TEST(JudgementText, OnePictureHasNoInterval) {
  EXPECT_EQ(accuracy_text(judged(1)),
            "mAP 0.50:0.95 0.512 before, 0.498 after: -1.40 points (no interval: one picture says "
            "nothing of others)\n");
  EXPECT_TRUE(accuracy_json(judged(1))["interval95"].is_null());
  EXPECT_EQ(accuracy_json(judged(1))["difference"], -0.014);
}

TEST(JudgementText, DigitsThatTellThemApart) {
  EXPECT_EQ(drop_text(0.31, 0.3), "lost 0.31 points, more than --max-drop 0.30");
  EXPECT_EQ(drop_text(0.004, 0), "lost 0.004 points, more than --max-drop 0.000");
  EXPECT_EQ(drop_text(0.3001, 0.3), "lost 0.3001 points, more than --max-drop 0.3000");
  EXPECT_EQ(drop_text(1e-12, 0), "lost 1e-12 points, more than --max-drop 0");
  EXPECT_EQ(drop_text(12, 5), "lost 12.00 points, more than --max-drop 5.00");
}

}  // namespace
}  // namespace shrike
