#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a picture may claim of itself before a byte of memory is given to it.
typedef struct {
  /// The longest side allowed, in pixels.
  int32_t side;
  /// The largest number of pixels allowed.
  int64_t pixels;
  /// The largest number of scans of a progressive JPEG.
  int32_t scans;
} image_codec_limits;

/// A decoded picture: RGB, eight bits each, row by row, upright. Give it back with `image_codec_free`.
typedef struct {
  uint8_t *pixels;
  int32_t width;
  int32_t height;
} image_codec_picture;

/// The room a caller gives for a message; every message ends with a NUL.
enum { image_codec_message_size = 256 };

/// Each decoder reads a whole file from memory. It returns 0 and fills `picture`, or returns -1, leaves
/// `picture` empty and writes the end of a sentence ("is cut off: ...") to `message`. None of them jumps
/// out, aborts, prints, or keeps anything between calls; they may run in any number of threads.
///
/// JPEG: grey, colour, CMYK and YCCK (inverted, as Adobe's programs store them); baseline, progressive and
/// arithmetic, any subsampling, restart markers; eight bits. PNG: every depth and colour kind; gamma and colour
/// profiles are ignored. TIFF: the first page; 1, 2, 4, 8 and 16 bits, strips and tiles, planes together or apart,
/// whatever libtiff can turn into RGB. WebP: lossy and lossless; of an animation the first frame on its canvas. GIF: the
/// first frame on its canvas. In all of them transparency is dropped and the colour beneath it kept, and the
/// orientation that EXIF or XMP states is applied.
int image_codec_decode_jpeg(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message);
int image_codec_decode_png(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message);
int image_codec_decode_tiff(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message);

int image_codec_decode_webp(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message);
int image_codec_decode_gif(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message);

/// 0 where a picture of that size is allowed; otherwise -1, and the message tells the limit.
int image_codec_check_size(uint64_t width, uint64_t height, image_codec_limits limits, char *message);

/// Writes RGB pixels, eight bits each, as a PNG file into fresh memory; give it back with `free`.
/// Returns 0, or -1 with a message.
int image_codec_encode_png(
    const uint8_t *pixels, int32_t width, int32_t height, uint8_t **bytes, size_t *count, char *message);

/// Gives the pixels back and empties the picture.
void image_codec_free(image_codec_picture *picture);

#ifdef __cplusplus
}
#endif
