#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "shared.h"

/// EXIF's orientation, or where it states none that of XMP.
static int orientation_of(const WebPDemuxer *demuxer) {
  WebPChunkIterator chunk;
  int stated = 0;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
    stated = codec_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
  }
  if (!stated && WebPDemuxGetChunk(demuxer, "XMP ", 1, &chunk)) {
    stated = codec_xmp_orientation(chunk.chunk.bytes, chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
  }
  return stated;
}

static const char *reason(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return "needs more memory than there is";
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return "is cut off: the WebP data end before the picture does";
    default: return "is damaged or not supported: libwebp cannot decode the picture";
  }
}

/// Decodes the frame to its place on the canvas, which is black elsewhere.
static int decode(const WebPIterator *frame, image_codec_picture *picture, char *message) {
  size_t width = (size_t)picture->width, height = (size_t)picture->height;
  if (frame->x_offset < 0 || frame->y_offset < 0 || frame->width <= 0 || frame->height <= 0
      || (size_t)frame->x_offset + (size_t)frame->width > width
      || (size_t)frame->y_offset + (size_t)frame->height > height) {
    codec_say(message, "is damaged: its first frame lies outside the picture");
    return -1;
  }
  WebPDecoderConfig config;
  picture->pixels = calloc(width * height, 3);
  if (!picture->pixels || !WebPInitDecoderConfig(&config)) {
    codec_say(message, "needs more memory than there is");
    return -1;
  }
  size_t start = ((size_t)frame->y_offset * width + (size_t)frame->x_offset) * 3;
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = picture->pixels + start;
  config.output.u.RGBA.stride = (int)width * 3;
  config.output.u.RGBA.size = width * height * 3 - start;
  VP8StatusCode status = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
  WebPFreeDecBuffer(&config.output);
  if (status == VP8_STATUS_OK) return 0;
  codec_say(message, "%s", reason(status));
  return -1;
}

int image_codec_decode_webp(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message) {
  memset(picture, 0, sizeof *picture);
  message[0] = 0;
  WebPData data = {bytes, count};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
  WebPIterator frame;
  memset(&frame, 0, sizeof frame);
  int outcome = -1;
  if (!demuxer && state == WEBP_DEMUX_PARSE_ERROR) {
    codec_say(message, "is damaged: its WebP chunks do not fit together");
  } else if (!demuxer || state != WEBP_DEMUX_DONE) {
    codec_say(message, "is cut off: the WebP data end before the picture does");
  } else {
    uint32_t width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    uint32_t height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    outcome = image_codec_check_size(width, height, limits, message);
    picture->width = (int32_t)width;
    picture->height = (int32_t)height;
  }
  if (outcome == 0 && !WebPDemuxGetFrame(demuxer, 1, &frame)) {
    codec_say(message, "is damaged: it holds no picture");
    outcome = -1;
  }
  if (outcome == 0) outcome = decode(&frame, picture, message);
  if (outcome == 0) outcome = codec_make_upright(picture, orientation_of(demuxer), message);
  WebPDemuxReleaseIterator(&frame);
  WebPDemuxDelete(demuxer);
  if (outcome) image_codec_free(picture);
  return outcome;
}
