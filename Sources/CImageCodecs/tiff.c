#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "shared.h"

/// libtiff 4.5 lets each open file have its own message handler; before that there is one for the process.
#define HAS_OWN_HANDLER (TIFFLIB_VERSION >= 20221213)

/// One decoding under way.
typedef struct {
  const uint8_t *bytes;
  uint64_t count, position;
  char *message;
} tiff_job;

static tmsize_t read_bytes(thandle_t handle, void *target, tmsize_t wanted) {
  tiff_job *job = handle;
  uint64_t left = job->position < job->count ? job->count - job->position : 0;
  uint64_t given = wanted < 0 ? 0 : ((uint64_t)wanted < left ? (uint64_t)wanted : left);
  memcpy(target, job->bytes + (given ? job->position : 0), given);
  job->position += given;
  return (tmsize_t)given;
}

static tmsize_t write_nothing(thandle_t handle, void *source, tmsize_t count) {
  (void)handle;
  (void)source;
  (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
  tiff_job *job = handle;
  uint64_t base = from == SEEK_CUR ? job->position : from == SEEK_END ? job->count : 0;
  job->position = base + offset;
  return job->position;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

/// Libtiff 4.5 refuses good files with small tiles where it has to copy what it reads.
static int map_bytes(thandle_t handle, void **start, toff_t *count) {
  tiff_job *job = handle;
  *start = (void *)job->bytes;
  *count = job->count;
  return 1;
}

static void unmap_nothing(thandle_t handle, void *start, toff_t count) {
  (void)handle;
  (void)start;
  (void)count;
}

static toff_t size(thandle_t handle) { return ((tiff_job *)handle)->count; }

#if HAS_OWN_HANDLER
static int note_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff;
  (void)module;
  tiff_job *job = user;
  char reason[200];
  vsnprintf(reason, sizeof reason, format, arguments);
  // An orientation beyond 1...8 is none, a tag of no known kind tells nothing of the picture; libtiff leaves both out.
  if (strstr(reason, "for \"Orientation\" tag") || strstr(reason, "is TIFF_SETGET_UNDEFINED")) return 1;
  if (!job->message[0]) codec_say(job->message, "is damaged or not supported: %s", reason);
  return 1;
}

static int stay_silent(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff;
  (void)user;
  (void)module;
  (void)format;
  (void)arguments;
  return 1;
}

static TIFF *open_memory(tiff_job *job, image_codec_limits limits) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(options, note_error, job);
  TIFFOpenOptionsSetWarningHandlerExtR(options, stay_silent, job);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)limits.pixels * 8 + (16 << 20));
  TIFF *tiff = TIFFClientOpenExt(
      "image", "r", job, read_bytes, write_nothing, seek, close_nothing, size, map_bytes, unmap_nothing, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}
#else
static TIFF *open_memory(tiff_job *job, image_codec_limits limits) {
  (void)limits;
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  return TIFFClientOpen(
      "image", "r", job, read_bytes, write_nothing, seek, close_nothing, size, map_bytes, unmap_nothing);
}
#endif

/// What libtiff would turn into wrong colours, or refuse in fewer words.
static int check_samples(TIFF *tiff, tiff_job *job) {
  uint16_t bits = 1, format = SAMPLEFORMAT_UINT;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
    codec_say(job->message, "holds signed or floating-point samples; convert it to PNG");
    return -1;
  }
  uint16_t colours = PHOTOMETRIC_MINISBLACK;
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &colours);
  const char *name = colours == PHOTOMETRIC_CIELAB || colours == PHOTOMETRIC_ICCLAB || colours == PHOTOMETRIC_ITULAB
                         ? "colours of CIE L*a*b*"
                     : colours == PHOTOMETRIC_SEPARATED && bits == 16 ? "CMYK colours of 16 bits"
                                                                     : NULL;
  if (name) {
    codec_say(job->message, "holds %s; convert it to PNG", name);
    return -1;
  }
  if (bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16) return 0;
  codec_say(job->message, "has %u bits a sample; 1, 2, 4, 8 and 16 are read; convert it to PNG", bits);
  return -1;
}

/// The room that one strip or tile takes, which a small picture may claim to be huge.
static int check_piece(TIFF *tiff, uint64_t pixels, image_codec_limits limits, tiff_job *job) {
  uint32_t width = 1, height = 1;
  if (TIFFIsTiled(tiff)) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
    if (image_codec_check_size(width, height, limits, job->message)) return -1;
  }
  uint64_t bytes = TIFFIsTiled(tiff) ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff);
  if (bytes <= pixels * 8 + (16 << 20)) return 0;
  codec_say(
      job->message, "is stored in pieces of %llu bytes, too many for a picture of %llu pixels",
      (unsigned long long)bytes, (unsigned long long)pixels);
  return -1;
}

/// Lets libtiff hand out colours as they are stored: it would lay those beside a transparency over black.
/// Returns whether they were stored so, that is multiplied by it.
static int keep_colours(TIFF *tiff) {
  uint16_t extra = 0, *kinds = NULL;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
  if (extra == 0 || !kinds) return 0;
  if (kinds[0] == EXTRASAMPLE_ASSOCALPHA) return 1;
  if (kinds[0] != EXTRASAMPLE_UNASSALPHA) return 0;
  uint16_t as_stored[16] = {EXTRASAMPLE_ASSOCALPHA};
  TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, extra < 16 ? extra : 16, as_stored);
  return 0;
}

static uint8_t divided(uint32_t value, uint32_t alpha) {
  uint32_t colour = alpha ? value * 255 / alpha : value;
  return (uint8_t)(colour < 255 ? colour : 255);
}

/// The orientation that the page states in its own tag, or else in XMP.
static int orientation_of(TIFF *tiff) {
  uint16_t stated = 0;
  if (TIFFGetField(tiff, TIFFTAG_ORIENTATION, &stated)) return stated;
  uint32_t count = 0;
  void *xmp = NULL;
  if (!TIFFGetField(tiff, TIFFTAG_XMLPACKET, &count, &xmp) || !xmp) return 1;
  return codec_xmp_orientation(xmp, count);
}

/// Reads the open file's first page into `raster`, libtiff's packed RGBA. Colours of 16 bits that are multiplied by their transparency lose their lower half, as by Pillow.
static int read_page(
    TIFF *tiff, uint32_t *raster, uint32_t width, uint32_t height, int is_multiplied, int *orientation,
    tiff_job *job) {
  char reason[1024] = "";
  TIFFRGBAImage image;
  if (!TIFFRGBAImageOK(tiff, reason) || !TIFFRGBAImageBegin(&image, tiff, 1, reason)) {
    codec_say(job->message, "is damaged or not supported: %s", reason);
    return -1;
  }
  // Rows are taken as they are stored; the picture is turned upright afterwards, as for JPEG.
  *orientation = orientation_of(tiff);
  image.orientation = ORIENTATION_TOPLEFT;
  image.req_orientation = ORIENTATION_TOPLEFT;
  if (is_multiplied && image.Bitdepth16To8)
    for (int value = 0; value < 65536; value++) image.Bitdepth16To8[value] = (uint8_t)(value >> 8);
  int read = TIFFRGBAImageGet(&image, raster, width, height);
  TIFFRGBAImageEnd(&image);
  if (read && !job->message[0]) return 0;
  if (!job->message[0]) codec_say(job->message, "is damaged or cut off");
  return -1;
}

static int decode(TIFF *tiff, tiff_job *job, image_codec_limits limits, image_codec_picture *picture) {
  uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  if (image_codec_check_size(width, height, limits, job->message)) return -1;
  size_t pixels = (size_t)width * height;
  if (check_samples(tiff, job) || check_piece(tiff, pixels, limits, job)) return -1;
  int is_multiplied = keep_colours(tiff);
  uint32_t *raster = malloc(pixels * sizeof *raster);
  picture->pixels = malloc(pixels * 3);
  picture->width = (int32_t)width;
  picture->height = (int32_t)height;
  int outcome = -1, orientation = 1;
  if (!raster || !picture->pixels) {
    codec_say(job->message, "needs more memory than there is");
  } else if (read_page(tiff, raster, width, height, is_multiplied, &orientation, job) == 0) {
    for (size_t i = 0; i < pixels; i++) {
      uint32_t alpha = is_multiplied ? TIFFGetA(raster[i]) : 255;
      picture->pixels[3 * i] = divided(TIFFGetR(raster[i]), alpha);
      picture->pixels[3 * i + 1] = divided(TIFFGetG(raster[i]), alpha);
      picture->pixels[3 * i + 2] = divided(TIFFGetB(raster[i]), alpha);
    }
    outcome = codec_make_upright(picture, orientation, job->message);
  }
  free(raster);
  return outcome;
}

int image_codec_decode_tiff(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message) {
  memset(picture, 0, sizeof *picture);
  message[0] = 0;
  tiff_job job = {.bytes = bytes, .count = count, .message = message};
  TIFF *tiff = open_memory(&job, limits);
  if (!tiff) {
    if (!message[0]) codec_say(message, "is damaged: it is no TIFF file after its first bytes");
    return -1;
  }
  int outcome = decode(tiff, &job, limits, picture);
  TIFFClose(tiff);
  if (outcome) image_codec_free(picture);
  return outcome;
}
