#include "cli/picture_reader.h"

#include "base/signals.h"
#include "vision/decode.h"

namespace shrike {

PictureReader::PictureReader(const std::vector<std::filesystem::path>& paths) : paths_(paths) {
  start();
}

Result<Image> PictureReader::next() {
  pending_.get();
  Result<Image> image = *std::move(image_);
  ++at_;
  start();
  return image;
}

void PictureReader::start() {
  if (at_ >= paths_.size()) return;
  const SignalsHeld held;  // for the thread that reads: the one that writes answers them
  // Where the machine refuses a thread, it is read when it is asked for.
  pending_ = std::async(std::launch::async | std::launch::deferred,
                        [this] { image_.reset(new Result<Image>(read_image(paths_[at_]))); });
}

}  // namespace shrike
