#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "vision/byte_view.h"
#include "vision/codec.h"

namespace shrike {

namespace {

struct DemuxerDeleter {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};

int orientation(const WebPDemuxer* demuxer) {
  WebPChunkIterator chunk{};
  int found = kUpright;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk))
    found =
        exif_orientation({reinterpret_cast<const std::byte*>(chunk.chunk.bytes), chunk.chunk.size});
  WebPDemuxReleaseChunkIterator(&chunk);
  return found;
}

// Decodes a frame to its place on the canvas; false where it is damaged or reaches over the edge.
bool decode_frame(const WebPIterator& frame, Image& canvas) {
  int width = 0, height = 0;
  if (!WebPGetInfo(frame.fragment.bytes, frame.fragment.size, &width, &height)) return false;
  const int x = frame.x_offset, y = frame.y_offset;
  if (x < 0 || y < 0 || width > canvas.width() - x || height > canvas.height() - y) return false;
  uint8_t* out = canvas.pixel(x, y);
  const size_t room = canvas.bytes().size() - static_cast<size_t>(out - canvas.bytes().data());
  return WebPDecodeRGBInto(frame.fragment.bytes, frame.fragment.size, out, room,
                           static_cast<int>(canvas.row_bytes())) != nullptr;
}

}  // namespace

bool is_webp(std::span<const std::byte> bytes) {
  const ByteView view(bytes);
  return view.starts_with("RIFF") && view.starts_with("WEBP", 8);
}

Result<DecodedPicture> decode_webp(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  const WebPData data{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  const std::unique_ptr<WebPDemuxer, DemuxerDeleter> demuxer(WebPDemux(&data));
  if (!demuxer) return input_error("the picture is truncated or damaged: its chunks do not add up");
  SHRIKE_ASSIGN(Image image,
                allocate_picture(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH),
                                 WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT), limits));
  WebPIterator frame{};
  const bool decoded =
      WebPDemuxGetFrame(demuxer.get(), 1, &frame) != 0 && decode_frame(frame, image);
  WebPDemuxReleaseIterator(&frame);
  if (!decoded) return input_error("the picture is truncated or damaged: no pixels in its frame");
  return DecodedPicture{std::move(image), orientation(demuxer.get())};
}

}  // namespace shrike
