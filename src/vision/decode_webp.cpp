#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>

#include "vision/byte_view.h"
#include "vision/codec.h"

namespace shrike {

namespace {

constexpr size_t kRiffHeader = 12, kChunkHeader = 8;
constexpr size_t kMostExifBytes = size_t{4} << 20;

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

// https://developers.google.com/speed/webp/docs/riff_container, RFC 6386 (9.1) and RFC 9649.
Result<PictureHeader> webp_header(FileWindow& file) {
  const ByteView start(file.bytes(0, 30));
  const Error truncated = input_error("the picture is truncated or damaged: no header");
  if (!start.holds(0, 25)) return truncated;
  const size_t data = kRiffHeader + kChunkHeader;
  if (start.starts_with("VP8L", kRiffHeader)) {
    const uint32_t sides = *start.u32(data + 1);
    return PictureHeader{(sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1, kUpright};
  }
  if (!start.holds(0, 30)) return truncated;
  if (start.starts_with("VP8 ", kRiffHeader))
    return PictureHeader{*start.u16(data + 6) & 0x3FFF, *start.u16(data + 8) & 0x3FFF, kUpright};
  if (!start.starts_with("VP8X", kRiffHeader)) return truncated;
  PictureHeader header{(*start.u32(data + 3) >> 8) + 1, (*start.u32(data + 6) >> 8) + 1, kUpright};
  if ((*start.u8(data) & EXIF_FLAG) == 0) return header;
  for (uint64_t at = kRiffHeader;;) {
    const ByteView chunk(file.bytes(at, kChunkHeader));
    const auto length = chunk.u32(4);
    if (!length) return header;
    if (chunk.starts_with("EXIF")) {
      header.orientation = exif_orientation(
          file.bytes(at + kChunkHeader, std::min<size_t>(*length, kMostExifBytes)));
      return header;
    }
    at += kChunkHeader + *length + (*length & 1);
  }
}

}  // namespace shrike
