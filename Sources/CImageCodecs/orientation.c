#include "shared.h"

#include <string.h>

#include <zlib.h>

static uint32_t read_number(const uint8_t *at, int size, int big_endian) {
  uint32_t number = 0;
  for (int i = 0; i < size; i++) number = number << 8 | at[big_endian ? i : size - 1 - i];
  return number;
}

int codec_exif_orientation(const uint8_t *exif, size_t count) {
  while (count >= 6 && memcmp(exif, "Exif\0\0", 6) == 0) exif += 6, count -= 6;
  if (count < 8) return 0;
  int big_endian = memcmp(exif, "MM\0*", 4) == 0;
  if (!big_endian && memcmp(exif, "II*\0", 4) != 0) return 0;
  size_t directory = read_number(exif + 4, 4, big_endian);
  if (directory > count || count - directory < 2) return 0;
  size_t entries = read_number(exif + directory, 2, big_endian);
  for (size_t entry = 0; entry < entries; entry++) {
    size_t at = directory + 2 + entry * 12;
    if (at + 12 > count) return 0;
    if (read_number(exif + at, 2, big_endian) != 0x0112) continue;
    uint32_t kind = read_number(exif + at + 2, 2, big_endian);
    if (read_number(exif + at + 4, 4, big_endian) != 1) return 1;
    uint32_t value = read_number(exif + at + 8, kind == 4 ? 4 : 2, big_endian);
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 0;
}

static int is_space(uint8_t byte) { return byte == ' ' || (byte >= 9 && byte <= 13); }

/// The digit behind the attribute's `="` or the element's `>`; -1 where something else stands there.
static int digit_behind_name(const uint8_t *at, const uint8_t *end) {
  while (at < end && is_space(*at)) at++;
  if (at == end || (*at != '=' && *at != '>')) return -1;
  int is_attribute = *at++ == '=';
  while (at < end && is_space(*at)) at++;
  if (is_attribute && (at == end || (*at != '"' && *at != '\''))) return -1;
  at += is_attribute;
  while (at < end && is_space(*at)) at++;
  return at < end && *at >= '0' && *at <= '9' ? *at - '0' : -1;
}

int codec_xmp_orientation(const uint8_t *xmp, size_t count) {
  static const char name[] = "tiff:Orientation";
  const size_t length = sizeof name - 1;
  const uint8_t *at = xmp, *end = xmp + count;
  while ((size_t)(end - at) >= length) {
    at = memchr(at, name[0], (size_t)(end - at) - length + 1);
    if (!at) return 0;
    if (memcmp(at, name, length) == 0) {
      int digit = digit_behind_name(at + length, end);
      if (digit >= 0) return digit >= 1 && digit <= 8 ? digit : 1;
    }
    at++;
  }
  return 0;
}

/// A text of a PNG file as it is stored: plain or packed.
typedef struct {
  const uint8_t *bytes;
  size_t count;
  int is_packed;
} png_text;

/// Unpacks into `room` where it is packed; returns where the text is, and its length.
static const uint8_t *unpacked(png_text text, uint8_t *room, size_t *count) {
  *count = text.count;
  if (!text.is_packed) return text.bytes;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  stream.next_in = (Bytef *)text.bytes;
  stream.avail_in = (uInt)text.count;
  stream.next_out = room;
  stream.avail_out = codec_text_room;
  *count = 0;
  if (inflateInit(&stream) != Z_OK) return room;
  inflate(&stream, Z_FINISH);
  *count = codec_text_room - stream.avail_out;
  inflateEnd(&stream);
  return room;
}

static int hex_digit(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  byte |= 0x20;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/// ImageMagick's "Raw profile type NAME": an empty line, the name, the length, then the bytes in hexadecimal. They are
/// written into `room`, which may hold the text itself: two digits make one byte. Returns how many there are.
static size_t raw_profile(const uint8_t *text, size_t count, uint8_t *room) {
  size_t at = 0, written = 0;
  for (int line = 0; line < 3; at++) {
    if (at == count) return 0;
    line += text[at] == '\n';
  }
  int high = -1;
  for (; at < count && written < codec_text_room; at++) {
    int digit = hex_digit(text[at]);
    if (digit < 0 && !is_space(text[at])) break;
    if (digit < 0) continue;
    if (high >= 0) room[written++] = (uint8_t)(high << 4 | digit);
    high = high < 0 ? digit : -1;
  }
  return written;
}

static int raw_profile_orientation(png_text text, uint8_t *room) {
  static const char adobe[] = "http://ns.adobe.com/xap/1.0/";
  if (!text.bytes) return 0;
  size_t count = 0;
  const uint8_t *plain = unpacked(text, room, &count);
  count = raw_profile(plain, count, room);
  if (count >= sizeof adobe && memcmp(room, adobe, sizeof adobe) == 0)
    return codec_xmp_orientation(room + sizeof adobe, count - sizeof adobe);
  int stated = codec_exif_orientation(room, count);
  return stated ? stated : codec_xmp_orientation(room, count);
}

/// Takes the text out of a tEXt, zTXt or iTXt chunk if it has that name; a later one replaces an earlier one.
static void take_text(const uint8_t *type, const uint8_t *data, size_t count, const char *name, png_text *text) {
  size_t length = strlen(name) + 1;
  if (count < length || memcmp(data, name, length) != 0) return;
  png_text found = {data + length, count - length, 0};
  if (memcmp(type, "zTXt", 4) == 0) {
    // The method, always 0.
    if (found.count < 1) return;
    found = (png_text){found.bytes + 1, found.count - 1, 1};
  } else if (memcmp(type, "iTXt", 4) == 0) {
    // Whether it is packed, and how; then its language and its translated name, each ended by a zero.
    if (found.count < 2) return;
    found = (png_text){found.bytes + 2, found.count - 2, found.bytes[0] == 1};
    for (int skipped = 0; skipped < 2; skipped++) {
      const uint8_t *end = memchr(found.bytes, 0, found.count);
      if (!end) return;
      found.count -= (size_t)(end + 1 - found.bytes);
      found.bytes = end + 1;
    }
  }
  *text = found;
}

int codec_png_orientation(const uint8_t *bytes, size_t count, uint8_t *room) {
  static const char *names[] = {
      "Raw profile type exif", "Raw profile type APP1", "XML:com.adobe.xmp", "Raw profile type xmp"};
  png_text exif = {0}, texts[4] = {{0}};
  for (size_t at = 8; count - at >= 12;) {
    size_t length = read_number(bytes + at, 4, 1);
    const uint8_t *type = bytes + at + 4, *data = type + 4;
    if (length > count - at - 12 || memcmp(type, "IEND", 4) == 0) break;
    if (memcmp(type, "eXIf", 4) == 0) exif = (png_text){data, length, 0};
    if (memcmp(type, "tEXt", 4) == 0 || memcmp(type, "zTXt", 4) == 0 || memcmp(type, "iTXt", 4) == 0)
      for (int i = 0; i < 4; i++) take_text(type, data, length, names[i], &texts[i]);
    at += 12 + length;
  }
  int stated = exif.bytes ? codec_exif_orientation(exif.bytes, exif.count)
                          : raw_profile_orientation(texts[0], room);
  if (!stated && !exif.bytes) stated = raw_profile_orientation(texts[1], room);
  if (!stated && texts[2].bytes) {
    size_t length = 0;
    const uint8_t *xmp = unpacked(texts[2], room, &length);
    stated = codec_xmp_orientation(xmp, length);
  }
  return stated ? stated : raw_profile_orientation(texts[3], room);
}
