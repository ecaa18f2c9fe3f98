// Many pictures, several at a time: while the network looks at one, the next is read and the one
// before is drawn and written.
//
//   read -> look (a detector a stream) -> finish (draw, write, put into words) -> tell
//
// The caller and the threads beside it take whatever is to be done; where the machine refuses
// threads, the caller does it all. Few pictures are in memory at a time: pictures_at_once().
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.h"
#include "detect/detector.h"
#include "vision/image.h"

namespace shrike {

// What is done with pictures 0, 1, ... Called from several threads at a time, for one picture from
// one at a time. An error of kInput is said in the picture's place; others end the work.
struct PictureWork {
  size_t streams = 1;  // pictures that are looked at side by side, from 1
  bool drawn = false;  // finishing takes long: beside looking, with a thread more for it
  std::function<Result<Image>(size_t picture)> read;
  // `stream` is in 0..streams-1, always from the same thread; pictures come in order.
  std::function<Result<Detections>(size_t stream, size_t picture, const Image& image)> look;
  std::function<Result<std::string>(size_t picture, const Image& image, Detections found)> finish;
};

// Called from the caller's thread, in the order of the pictures. An error ends the work.
using TellPicture = std::function<Result<void>(size_t picture, const Result<std::string>& said)>;

// Pictures of which the pixels are in memory, at most.
size_t pictures_at_once(size_t streams, bool drawn);

// All `pictures`, or, where a signal was noted (interrupt.h), those that were looked at by then:
// what is told is then the first of them, without gaps. Errors: those that end the work, once all
// before is told.
Result<void> work_through(size_t pictures, const PictureWork& work, const TellPicture& tell);

}  // namespace shrike
