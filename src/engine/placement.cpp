#include "engine/placement.h"

#include <algorithm>
#include <optional>

namespace shrike {

namespace {

// How far an input lies from where the Concat wants it.
struct Match {
  int64_t shift = 0;  // the owner's first element, counted from the Concat output's
  int64_t begin = 0;  // the part of the owner the input covers, in channels or elements
  int64_t extent = 0;
};

bool same_strides(const View& a, const View& b, std::initializer_list<int> axes) {
  return std::all_of(axes.begin(), axes.end(), [&](int axis) {
    return a.dim(axis) == b.dim(axis) && (a.dim(axis) == 1 || a.stride(axis) == b.stride(axis));
  });
}

// A map's channels [begin, begin + extent) joined over channels.
std::optional<Match> match_map(const View& input, const View& owner, int64_t part_offset) {
  if (input.rank != 4 || !is_map(input) || !same_strides(input, owner, {0, 2, 3})) return {};
  const int64_t begin = input.offset - owner.offset, extent = input.dim(1);
  if (begin < 0 || begin + extent > owner.dim(1)) return {};
  return Match{part_offset - begin, begin, extent};
}

// A run of a dense tensor's elements, joined over an axis with nothing but 1 before it.
std::optional<Match> match_dense(const View& input, const View& owner, int64_t part_offset) {
  const int64_t begin = input.offset - owner.offset, extent = input.count();
  if (!is_dense(input) || begin < 0 || begin + extent > owner.count()) return {};
  return Match{part_offset - begin, begin, extent};
}

// Whether a view of one image's map, or of its pixels as rows (1, C, L), is without gaps.
bool is_whole_map(const View& view) {
  const View whole = map_view(view.shape());
  return view.dim(0) == 1 && same_strides(whole, view, {1, 2, view.rank - 1});
}

// All pixels of a map as rows, joined over L.
std::optional<Match> match_pixels(const View& input, const View& owner, int64_t part_offset) {
  if (!is_whole_map(input) || !is_whole_map(owner) || input.offset != owner.offset ||
      input.dim(1) != owner.dim(1) || input.count() != owner.count())
    return {};
  return Match{part_offset, 0, input.count()};
}

// Whether a Concat's inputs are rows of pixels that follow each other.
bool joins_pixels(const ConcatNote& note) {
  return note.layout == Layout::kMap && note.output.view.rank == 3 && note.axis == 2 &&
         note.output.view.dim(0) == 1;
}

bool joins_runs(const ConcatNote& note) {
  if (joins_pixels(note)) return true;
  if (note.layout == Layout::kMap) return note.axis == 1;
  for (int d = 0; d < note.axis; ++d)
    if (note.output.view.dim(d) != 1) return false;
  return true;
}

// Whether a Concat's inputs are rows that lie side by side in its output's.
bool joins_rows(const ConcatNote& note) {
  return note.layout == Layout::kDense && note.axis == note.output.view.rank - 1;
}

// Shorter rows are copied for less than it costs to write them one by one.
constexpr int64_t kLongRow = 32;

// What one Concat's inputs say about one owner.
struct Candidate {
  int buffer = -1;
  int64_t shift = 0;
  int64_t covered = 0;
  int64_t next = 0;  // the owner's part that must come next
};

class Finder {
 public:
  Finder(const Graph& graph, std::span<const Owner> owners, Placements& found)
      : uses_(graph), owners_(owners), found_(found) {}

  void look_at(const ConcatNote& note) {
    found_.concats[note.id] = note.layout;
    const bool runs = joins_runs(note);
    if (!runs && !joins_rows(note)) return;
    candidates_.clear();
    int64_t start = 0;
    for (const Slot& input : note.inputs) {
      const int64_t extent = input.view.dim(note.axis);
      const int64_t offset =
          concat_part(note.output, note.axis, start, extent).view.offset - note.output.view.offset;
      runs ? note_input(note, input, offset) : place_rows(note, input, offset);
      start += extent;
    }
    for (const Candidate& candidate : candidates_) place(note, candidate);
  }

 private:
  void place_rows(const ConcatNote& note, const Slot& input, int64_t offset) {
    const Owner& owner = owners_[static_cast<size_t>(input.buffer)];
    if (owner.id == kNoValue || owner.layout != Layout::kRows || !uses_.single_use(owner.id) ||
        !same_place(input.view, owner.view) || input.view.dim(note.axis) < kLongRow)
      return;
    found_.owners.try_emplace({owner.id, owner.layout}, Placement{note.id, offset, true});
  }

  void note_input(const ConcatNote& note, const Slot& input, int64_t part_offset) {
    const Owner& owner = owners_[static_cast<size_t>(input.buffer)];
    const Layout layout = owner.layout == Layout::kRows ? Layout::kDense : owner.layout;
    if (owner.id == kNoValue || owner.id == note.id || layout != note.layout) return;
    if (input.dtype != note.output.dtype) return;
    const auto find_match = joins_pixels(note)            ? match_pixels
                            : note.layout == Layout::kMap ? match_map
                                                          : match_dense;
    const std::optional<Match> match = find_match(input.view, owner.view, part_offset);
    if (!match) return;
    auto known = std::find_if(candidates_.begin(), candidates_.end(),
                              [&](const Candidate& c) { return c.buffer == input.buffer; });
    if (known == candidates_.end())
      known = candidates_.insert(candidates_.end(), {input.buffer, match->shift, 0, 0});
    // Parts in another order, or a part for the second time, are copied.
    if (match->shift != known->shift || match->begin != known->next) return;
    known->next += match->extent;
    known->covered += match->extent;
  }

  void place(const ConcatNote& note, const Candidate& candidate) {
    const Owner& owner = owners_[static_cast<size_t>(candidate.buffer)];
    const bool spread = note.layout == Layout::kMap && !joins_pixels(note);
    const int64_t whole = spread ? owner.view.dim(1) : owner.view.count();
    if (candidate.covered != whole) return;
    found_.owners.try_emplace({owner.id, owner.layout},
                              Placement{note.id, candidate.shift, spread});
  }

  const Uses uses_;
  std::span<const Owner> owners_;
  Placements& found_;
  std::vector<Candidate> candidates_;
};

}  // namespace

Slot concat_part(const Slot& output, int axis, int64_t start, int64_t extent) {
  Slot part = output;
  part.view = sliced(output.view, axis, start, extent);
  return part;
}

Placements find_placements(const Graph& graph, std::span<const ConcatNote> concats,
                           std::span<const Owner> owners) {
  Placements found;
  Finder finder(graph, owners, found);
  for (const ConcatNote& note : concats) finder.look_at(note);
  return found;
}

}  // namespace shrike
