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

// Decodes a frame to its place on the canvas; an error where it is damaged or reaches over the
// edge.
VP8StatusCode decode_frame(const WebPIterator& frame, Image& canvas) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return VP8_STATUS_INVALID_PARAM;
  const uint8_t* const bytes = frame.fragment.bytes;
  const VP8StatusCode known = WebPGetFeatures(bytes, frame.fragment.size, &config.input);
  if (known != VP8_STATUS_OK) return known;
  const int x = frame.x_offset, y = frame.y_offset;
  if (x < 0 || y < 0 || config.input.width > canvas.width() - x ||
      config.input.height > canvas.height() - y)
    return VP8_STATUS_BITSTREAM_ERROR;
  uint8_t* const out = canvas.pixel(x, y);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {out, static_cast<int>(canvas.row_bytes()),
                          canvas.bytes().size() - static_cast<size_t>(out - canvas.bytes().data())};
  return WebPDecode(bytes, frame.fragment.size, &config);
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
  const VP8StatusCode status = WebPDemuxGetFrame(demuxer.get(), 1, &frame) != 0
                                   ? decode_frame(frame, image)
                                   : VP8_STATUS_NOT_ENOUGH_DATA;
  WebPDemuxReleaseIterator(&frame);
  if (status == VP8_STATUS_OUT_OF_MEMORY) return no_memory_for_picture();
  if (status != VP8_STATUS_OK)
    return input_error("the picture is truncated or damaged: no pixels in its frame");
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
