#include "validate/parts.h"

#include <algorithm>

#include "validate/sight_json.h"

namespace shrike {

Result<Part> Parts::read(size_t block) const {
  SHRIKE_ASSIGN(PartFile file, files_.read(block));
  if (!file.pictures) return Part{{}, std::move(file.damage)};
  const std::vector<size_t> samples = samples_of(block);
  Part part{std::vector<Sight>(), {}};
  for (size_t i = 0; i < samples.size(); ++i) {
    std::optional<Sight> sight = sight_of((*file.pictures)[i], samples[i], classes_);
    if (!sight)
      return Part{{},
                  files_.path_of(block).string() + ": picture " + std::to_string(i) + " is damaged"};
    part.sights->push_back(*std::move(sight));
  }
  return part;
}

Result<void> Parts::write(size_t block, std::vector<Sight> sights) const {
  std::sort(sights.begin(), sights.end(),
            [](const Sight& a, const Sight& b) { return a.sample < b.sample; });
  Json pictures = Json::array();
  for (const Sight& sight : sights) pictures.push_back(to_json(sight));
  return files_.write(block, std::move(pictures));
}

Result<void> PartWriter::take(Sight sight) {
  const size_t block = parts_.block_of(sight.sample);
  std::vector<Sight> whole;
  {
    const std::lock_guard lock(mutex_);
    std::vector<Sight>& begun = begun_[block];
    begun.push_back(std::move(sight));
    if (begun.size() < parts_.samples_of(block).size()) return {};
    whole = std::move(begun);
    begun_.erase(block);
  }
  return parts_.write(block, std::move(whole));
}

}  // namespace shrike
