#include "engine/steps/join.h"

#include <algorithm>

#include "kernels/layout/join.h"

namespace shrike {

namespace {

using kernels::ConstStridedView;

// Copies to channels that follow each other.
struct Group {
  std::vector<Slot> from;
  Slot to;  // of all of them
};

// One picture of (N, C, H, W).
ConstStridedView picture_of(const RunContext& context, const Slot& slot, int64_t image) {
  const View& view = slot.view;
  return {context.floats(slot) + image * view.stride(0),
          3,
          {view.dim(1), view.dim(2), view.dim(3)},
          {view.stride(1), view.stride(2), view.stride(3)}};
}

class JoinStep : public Step {
 public:
  explicit JoinStep(std::vector<Group> groups) : groups_(std::move(groups)) {}

  Result<void> run(RunContext& context) const override {
    std::vector<ConstStridedView> parts;
    for (const Group& group : groups_)
      for (int64_t image = 0; image < group.to.view.dim(0); ++image) {
        parts.clear();
        for (const Slot& from : group.from) parts.push_back(picture_of(context, from, image));
        kernels::join_channels(parts, context.map(group.to, image), context.pool());
      }
    return {};
  }

 private:
  std::vector<Group> groups_;
};

}  // namespace

bool worth_joining(std::span<const SlotCopy> copies) {
  constexpr int64_t kFew = 8;
  return std::all_of(copies.begin(), copies.end(), [](const SlotCopy& copy) {
    return copy.from.dtype == DType::kF32 && copy.from.view.rank == 4 && is_map(copy.to.view) &&
           (copy.from.view.stride(1) != 1 || copy.from.view.dim(1) < kFew);
  });
}

std::unique_ptr<Step> make_join_step(std::vector<SlotCopy> copies) {
  std::vector<Group> groups;
  for (SlotCopy& copy : copies) {
    View* last = groups.empty() ? nullptr : &groups.back().to.view;
    if (last && copy.to.buffer == groups.back().to.buffer &&
        copy.to.view.offset == last->offset + last->dim(1)) {
      last->dims[1] += copy.to.view.dim(1);
      groups.back().from.push_back(copy.from);
    } else {
      groups.push_back({{copy.from}, copy.to});
    }
  }
  return std::make_unique<JoinStep>(std::move(groups));
}

}  // namespace shrike
