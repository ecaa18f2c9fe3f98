#include "cli/nearest.h"

#include <algorithm>
#include <cctype>

namespace shrike {

namespace {

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

}  // namespace

// Optimal string alignment: each row of the table needs only the two before it.
int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> two_back(b.size() + 1), back(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(two_back, back);
    std::swap(back, row);
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = same_letter(a[i - 1], b[j - 1]);
      row[j] = std::min({back[j] + 1, row[j - 1] + 1, back[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
      if (swapped) row[j] = std::min(row[j], two_back[j - 2] + 1);
    }
  }
  return row.back();
}

std::string nearest_name(std::string_view word, std::span<const std::string> names) {
  const std::string* best = nullptr;
  int best_distance = 0;
  for (const std::string& name : names) {
    const int distance = edit_distance(word, name);
    if (!best || distance < best_distance) {
      best = &name;
      best_distance = distance;
    }
  }
  if (!best) return {};
  const auto allowed = static_cast<int>(std::max(word.size(), best->size()) + 2) / 3;
  return best_distance <= allowed ? *best : std::string();
}

std::string suggestion(std::string_view word, std::span<const std::string> names) {
  const std::string name = nearest_name(word, names);
  return name.empty() ? std::string() : "; did you mean " + name + "?";
}

}  // namespace shrike
