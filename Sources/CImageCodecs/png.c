#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "shared.h"

/// One decoding under way.
typedef struct {
  const uint8_t *bytes;
  size_t count, position;
  png_structp reader;
  png_infop info;
  png_bytepp rows;
  uint8_t *room;
  jmp_buf escape;
  char *message;
} png_job;

static _Noreturn void fail(png_structp reader, png_const_charp reason) {
  png_job *job = png_get_error_ptr(reader);
  if (!job->message[0]) codec_say(job->message, "is damaged or not supported: %s", reason);
  longjmp(job->escape, 1);
}

static void stay_silent(png_structp reader, png_const_charp reason) {
  (void)reader;
  (void)reason;
}

static void read_bytes(png_structp reader, png_bytep target, size_t wanted) {
  png_job *job = png_get_io_ptr(reader);
  if (wanted > job->count - job->position) {
    codec_say(job->message, "is cut off: the PNG data end before the picture does");
    png_error(reader, "cut off");
  }
  memcpy(target, job->bytes + job->position, wanted);
  job->position += wanted;
}

/// Gamma, colour profiles and texts change no pixel here (nor in Pillow), so a swollen one shall cost nothing. The texts
/// that may hold an orientation are looked for where the pixels are there.
static void ignore_what_is_not_needed(png_structp reader) {
#ifdef PNG_HANDLE_AS_UNKNOWN_SUPPORTED
  static const png_byte names[] =
      "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0zTXt";
  png_set_keep_unknown_chunks(reader, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
#endif
  png_set_chunk_cache_max(reader, 128);
  png_set_chunk_malloc_max(reader, 8 << 20);
}

static void decode(png_job *job, image_codec_limits limits, image_codec_picture *picture) {
  png_structp reader = job->reader;
  png_set_read_fn(reader, job, read_bytes);
  png_set_user_limits(reader, 0x7fffffff, 0x7fffffff);
  png_set_crc_action(reader, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  ignore_what_is_not_needed(reader);
  png_read_info(reader, job->info);
  png_uint_32 width = png_get_image_width(reader, job->info);
  png_uint_32 height = png_get_image_height(reader, job->info);
  if (image_codec_check_size(width, height, limits, job->message)) longjmp(job->escape, 1);

  png_set_expand(reader);
  png_set_scale_16(reader);
  png_set_gray_to_rgb(reader);
  png_set_strip_alpha(reader);
  png_set_interlace_handling(reader);
  png_read_update_info(reader, job->info);
  size_t row_bytes = (size_t)width * 3;
  if (png_get_rowbytes(reader, job->info) != row_bytes) png_error(reader, "a colour kind that is not RGB");

  picture->width = (int32_t)width;
  picture->height = (int32_t)height;
  picture->pixels = malloc(row_bytes * height);
  job->rows = malloc(sizeof(png_bytep) * height);
  if (!picture->pixels || !job->rows) png_error(reader, "more memory is needed than there is");
  for (png_uint_32 y = 0; y < height; y++) job->rows[y] = picture->pixels + row_bytes * y;
  png_read_image(reader, job->rows);
  png_read_end(reader, job->info);

  job->room = malloc(codec_text_room);
  if (!job->room) png_error(reader, "more memory is needed than there is");
  int orientation = codec_png_orientation(job->bytes, job->count, job->room);
  if (codec_make_upright(picture, orientation, job->message)) longjmp(job->escape, 1);
}

int image_codec_decode_png(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message) {
  memset(picture, 0, sizeof *picture);
  message[0] = 0;
  png_job *job = calloc(1, sizeof *job);
  if (!job) {
    codec_say(message, "needs more memory than there is");
    return -1;
  }
  job->bytes = bytes;
  job->count = count;
  job->message = message;
  int outcome = setjmp(job->escape);
  if (outcome == 0) {
    job->reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, job, fail, stay_silent);
    if (job->reader) job->info = png_create_info_struct(job->reader);
    if (job->info) {
      decode(job, limits, picture);
    } else {
      codec_say(message, "cannot be read: libpng does not start");
      longjmp(job->escape, 1);
    }
  }
  png_destroy_read_struct(&job->reader, &job->info, NULL);
  free(job->rows);
  free(job->room);
  free(job);
  if (outcome) image_codec_free(picture);
  return outcome ? -1 : 0;
}

int image_codec_encode_png(
    const uint8_t *pixels, int32_t width, int32_t height, uint8_t **bytes, size_t *count, char *message) {
  *bytes = NULL;
  *count = 0;
  message[0] = 0;
  if (width <= 0 || height <= 0) {
    codec_say(message, "cannot be written: a PNG of %dx%d pixels does not exist", width, height);
    return -1;
  }
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = (png_uint_32)width;
  image.height = (png_uint_32)height;
  image.format = PNG_FORMAT_RGB;
  // Asking first for the size would compress twice; libpng has an upper bound for it.
  size_t capacity = PNG_IMAGE_PNG_SIZE_MAX(image);
  uint8_t *target = malloc(capacity);
  if (!target) {
    codec_say(message, "cannot be written: needs more memory than there is");
    return -1;
  }
  if (!png_image_write_to_memory(&image, target, &capacity, 0, pixels, 0, NULL)) {
    codec_say(message, "cannot be written: %s", image.message);
    free(target);
    return -1;
  }
  *bytes = target;
  *count = capacity;
  return 0;
}
