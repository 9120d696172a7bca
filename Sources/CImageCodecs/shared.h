// What the decoders have in common. Not seen by Swift.
#pragma once
#include "include/CImageCodecs.h"

/// Writes a sentence's end to a message of `image_codec_message_size` bytes; control characters, which
/// may come from the file, become spaces.
void codec_say(char *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// The orientation 1...8 that an EXIF block states (starting with its TIFF header, or with "Exif" and two zeros); 1 where
/// it states another value, 0 where it states none or is damaged.
int codec_exif_orientation(const uint8_t *exif, size_t count);

/// The orientation that an XMP packet states as attribute or element `tiff:Orientation`, in the same way.
int codec_xmp_orientation(const uint8_t *xmp, size_t count);

/// The orientation that a whole PNG file states, in the same way: by its eXIf chunk, by what ImageMagick writes into
/// a text ("Raw profile type exif", or "APP1"), by XMP; the first of these that states one wins, as for Pillow's
/// `exif_transpose`. `room` is memory of `codec_text_room` bytes for texts that are packed.
int codec_png_orientation(const uint8_t *bytes, size_t count, uint8_t *room);

/// The most bytes that a text of a PNG file is unpacked to.
enum { codec_text_room = 1 << 20 };

/// Turns the picture upright, as its orientation 1...8 asks. Returns -1 where memory is short.
int codec_make_upright(image_codec_picture *picture, int orientation, char *message);
