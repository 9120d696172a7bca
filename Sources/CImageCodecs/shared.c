#include "shared.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void codec_say(char *message, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, image_codec_message_size, format, arguments);
  va_end(arguments);
  for (char *c = message; *c; c++)
    if ((unsigned char)*c < 32 || (unsigned char)*c > 126) *c = ' ';
}

int image_codec_check_size(uint64_t width, uint64_t height, image_codec_limits limits, char *message) {
  if (width == 0 || height == 0) {
    codec_say(
        message, "states a size of %llux%llu pixels, so there is nothing to see", (unsigned long long)width,
        (unsigned long long)height);
    return -1;
  }
  if (width > (uint64_t)limits.side || height > (uint64_t)limits.side
      || width * height > (uint64_t)limits.pixels) {
    codec_say(
        message, "states a size of %llux%llu pixels; at most %d a side and %lld in all are read",
        (unsigned long long)width, (unsigned long long)height, limits.side, (long long)limits.pixels);
    return -1;
  }
  return 0;
}

int codec_make_upright(image_codec_picture *picture, int orientation, char *message) {
  if (orientation <= 1 || orientation > 8) return 0;
  size_t width = (size_t)picture->width, height = (size_t)picture->height;
  uint8_t *turned = malloc(width * height * 3);
  if (!turned) {
    codec_say(message, "needs more memory than there is to be turned upright");
    return -1;
  }
  int transposed = orientation >= 5;
  size_t out_width = transposed ? height : width, out_height = transposed ? width : height;
  for (size_t y = 0; y < out_height; y++)
    for (size_t x = 0; x < out_width; x++) {
      // Where the upright pixel (x, y) is stored: 2 mirrored, 3 upside down, 4 flipped, 5 transposed,
      // 6 and 8 lying on a side, 7 transposed the other way.
      size_t column = x, row = y;
      switch (orientation) {
        case 2: column = width - 1 - x; break;
        case 3: column = width - 1 - x; row = height - 1 - y; break;
        case 4: row = height - 1 - y; break;
        case 5: column = y; row = x; break;
        case 6: column = y; row = height - 1 - x; break;
        case 7: column = width - 1 - y; row = height - 1 - x; break;
        case 8: column = width - 1 - y; row = x; break;
      }
      memcpy(turned + (y * out_width + x) * 3, picture->pixels + (row * width + column) * 3, 3);
    }
  free(picture->pixels);
  picture->pixels = turned;
  picture->width = (int32_t)out_width;
  picture->height = (int32_t)out_height;
  return 0;
}

void image_codec_free(image_codec_picture *picture) {
  free(picture->pixels);
  memset(picture, 0, sizeof *picture);
}
