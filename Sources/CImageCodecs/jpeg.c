#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "shared.h"

/// One decoding under way. libjpeg hands back a pointer to `errors`, which is its first member.
typedef struct {
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  struct jpeg_decompress_struct decoder;
  jmp_buf escape;
  image_codec_limits limits;
  image_codec_picture *picture;
  uint8_t *row;
  char *message;
} jpeg_job;

static _Noreturn void fail(j_common_ptr common) {
  jpeg_job *job = (jpeg_job *)common->err;
  char reason[JMSG_LENGTH_MAX];
  common->err->format_message(common, reason);
  codec_say(job->message, "is damaged or not supported: %s", reason);
  longjmp(job->escape, 1);
}

/// libjpeg paints what is missing grey and only warns. Here all but three harmless warnings are errors.
static void warn(j_common_ptr common, int level) {
  if (level >= 0) return;
  int code = common->err->msg_code;
  if (code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR) return;
  jpeg_job *job = (jpeg_job *)common->err;
  if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER) {
    codec_say(job->message, "is cut off: the JPEG data end before the picture does");
    longjmp(job->escape, 1);
  }
  fail(common);
}

static void stay_silent(j_common_ptr common) { (void)common; }

/// Some files are thousands of scans over the same pixels, to keep a reader busy. The larger a picture, the fewer
/// are read; the largest may still have more than any program writes.
static void count_scans(j_common_ptr common) {
  jpeg_job *job = (jpeg_job *)common->err;
  int64_t pixels = (int64_t)job->decoder.image_width * job->decoder.image_height;
  int64_t affordable = 16 * job->limits.pixels / (pixels > 0 ? pixels : 1);
  int most = affordable < job->limits.scans ? (int)affordable : job->limits.scans;
  if (job->decoder.input_scan_number <= most) return;
  codec_say(job->message, "has more than %d progressive scans", most);
  longjmp(job->escape, 1);
}

/// EXIF's orientation, or where it states none that of XMP; both stand in markers of one number.
static int orientation_of(j_decompress_ptr decoder) {
  static const char adobe[] = "http://ns.adobe.com/xap/1.0/";
  int xmp = 0;
  for (jpeg_saved_marker_ptr marker = decoder->marker_list; marker; marker = marker->next) {
    if (marker->data_length > 6 && memcmp(marker->data, "Exif\0\0", 6) == 0) {
      int exif = codec_exif_orientation(marker->data, marker->data_length);
      if (exif) return exif;
    }
    if (marker->data_length > sizeof adobe && memcmp(marker->data, adobe, sizeof adobe) == 0)
      xmp = codec_xmp_orientation(marker->data + sizeof adobe, marker->data_length - sizeof adobe);
  }
  return xmp;
}

/// Inks to light. What is stored is how much ink is missing: so Adobe's programs do it, and so browsers and Pillow
/// read it also where Adobe's marker is absent.
static void convert_inks(const uint8_t *inks, uint8_t *rgb, size_t pixels) {
  for (size_t i = 0; i < pixels; i++, inks += 4, rgb += 3)
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)((inks[c] * inks[3] + 127) / 255);
}

static void decode(jpeg_job *job) {
  j_decompress_ptr decoder = &job->decoder;
  image_codec_picture *picture = job->picture;
  jpeg_read_header(decoder, TRUE);
  if (image_codec_check_size(decoder->image_width, decoder->image_height, job->limits, job->message))
    longjmp(job->escape, 1);
  int components = decoder->num_components;
  if (components != 1 && components != 3 && components != 4) {
    codec_say(job->message, "has %d colour components; 1, 3 or 4 are supported", components);
    longjmp(job->escape, 1);
  }
  int inks = components == 4;
  int orientation = orientation_of(decoder);
  decoder->out_color_space = inks ? JCS_CMYK : JCS_RGB;
  decoder->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(decoder);

  size_t width = decoder->output_width, height = decoder->output_height;
  picture->width = (int32_t)width;
  picture->height = (int32_t)height;
  picture->pixels = malloc(width * height * 3);
  if (inks) job->row = malloc(width * 4);
  if (!picture->pixels || (inks && !job->row)) {
    codec_say(job->message, "needs more memory than there is");
    longjmp(job->escape, 1);
  }
  while (decoder->output_scanline < height) {
    uint8_t *target = picture->pixels + (size_t)decoder->output_scanline * width * 3;
    JSAMPROW row = inks ? job->row : target;
    if (jpeg_read_scanlines(decoder, &row, 1) != 1) {
      codec_say(job->message, "is cut off: the JPEG data end before the picture does");
      longjmp(job->escape, 1);
    }
    if (inks) convert_inks(job->row, target, width);
  }
  jpeg_finish_decompress(decoder);
  if (codec_make_upright(picture, orientation, job->message)) longjmp(job->escape, 1);
}

int image_codec_decode_jpeg(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message) {
  memset(picture, 0, sizeof *picture);
  message[0] = 0;
  jpeg_job *job = calloc(1, sizeof *job);
  if (!job) {
    codec_say(message, "needs more memory than there is");
    return -1;
  }
  job->limits = limits;
  job->picture = picture;
  job->message = message;
  job->decoder.err = jpeg_std_error(&job->errors);
  job->errors.error_exit = fail;
  job->errors.emit_message = warn;
  job->errors.output_message = stay_silent;
  job->progress.progress_monitor = count_scans;

  int outcome = setjmp(job->escape);
  if (outcome == 0) {
    jpeg_create_decompress(&job->decoder);
    job->decoder.progress = &job->progress;
    // Eight bytes a pixel hold a progressive picture's coefficients with room to spare.
    job->decoder.mem->max_memory_to_use = (long)limits.pixels * 8 + (16L << 20);
    jpeg_save_markers(&job->decoder, JPEG_APP0 + 1, 0xFFFF);
    jpeg_mem_src(&job->decoder, bytes, (unsigned long)count);
    decode(job);
  }
  jpeg_destroy_decompress(&job->decoder);
  free(job->row);
  free(job);
  if (outcome) image_codec_free(picture);
  return outcome ? -1 : 0;
}
