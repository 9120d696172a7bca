// What the decoders have in common. Not seen by Swift.
#pragma once
#include "include/CImageCodecs.h"

/// Writes a sentence's end to a message of `image_codec_message_size` bytes; control characters, which
/// may come from the file, become spaces.
void codec_say(char *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// 0 where a picture of that size is allowed; otherwise -1, and the message tells the limit.
int codec_check_size(uint64_t width, uint64_t height, image_codec_limits limits, char *message);

/// The orientation 1...8 that an EXIF block (starting with its TIFF header) states; 1 where it is absent,
/// damaged or out of range.
int codec_exif_orientation(const uint8_t *exif, size_t count);

/// Turns the picture upright, as its orientation 1...8 asks. Returns -1 where memory is short.
int codec_make_upright(image_codec_picture *picture, int orientation, char *message);
