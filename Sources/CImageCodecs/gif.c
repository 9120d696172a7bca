#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "shared.h"

/// One decoding under way.
typedef struct {
  const uint8_t *bytes;
  size_t count, position;
  /// The index of the colour that stands for nothing; -1 where there is none.
  int transparent;
  GifPixelType *row;
  char *message;
} gif_job;

static int read_bytes(GifFileType *file, GifByteType *target, int wanted) {
  gif_job *job = file->UserData;
  size_t left = job->count - job->position;
  size_t given = wanted < 0 ? 0 : (size_t)wanted < left ? (size_t)wanted : left;
  memcpy(target, job->bytes + job->position, given);
  job->position += given;
  return (int)given;
}

static int fail(gif_job *job, int error) {
  if (job->message[0]) return -1;
  if (error == D_GIF_ERR_NOT_ENOUGH_MEM) {
    codec_say(job->message, "needs more memory than there is");
  } else if (job->position >= job->count || error == D_GIF_ERR_EOF_TOO_SOON) {
    codec_say(job->message, "is cut off: the GIF data end before the picture does");
  } else {
    const char *reason = GifErrorString(error);
    codec_say(job->message, "is damaged or not supported: %s", reason ? reason : "libgif gives no reason");
  }
  return -1;
}

/// Reads an extension; that which steers the next frame may name a transparent colour.
static int read_extension(GifFileType *file, gif_job *job) {
  int kind = 0;
  GifByteType *block = NULL;
  if (DGifGetExtension(file, &kind, &block) == GIF_ERROR) return fail(job, file->Error);
  if (kind == GRAPHICS_EXT_FUNC_CODE && block && block[0] >= 4 && block[1] & 1) job->transparent = block[4];
  while (block)
    if (DGifGetExtensionNext(file, &block) == GIF_ERROR) return fail(job, file->Error);
  return 0;
}

/// Goes to the first frame. Bytes between blocks that begin none are passed over, as Pillow does.
static int find_frame(GifFileType *file, gif_job *job) {
  for (;;) {
    GifRecordType kind = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(file, &kind) == GIF_ERROR) {
      if (file->Error == D_GIF_ERR_WRONG_RECORD) continue;
      return fail(job, file->Error);
    }
    if (kind == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(file) == GIF_ERROR ? fail(job, file->Error) : 0;
    if (kind == EXTENSION_RECORD_TYPE && read_extension(file, job)) return -1;
    if (kind == TERMINATE_RECORD_TYPE) {
      codec_say(job->message, "holds no picture");
      return -1;
    }
  }
}

/// The colours of the frame, three bytes each: its own, or the file's, or greys where there are none. Beyond the last,
/// black.
static void list_colours(const GifFileType *file, uint8_t colours[256][3]) {
  const ColorMapObject *map = file->Image.ColorMap ? file->Image.ColorMap : file->SColorMap;
  for (int i = 0; i < 256; i++) {
    if (!map) {
      memset(colours[i], i, 3);
    } else if (i < map->ColorCount) {
      const GifColorType *colour = &map->Colors[i];
      memcpy(colours[i], (uint8_t[]){colour->Red, colour->Green, colour->Blue}, 3);
    }
  }
}

/// Reads the frame's rows to their places on the canvas.
static int read_rows(GifFileType *file, gif_job *job, uint8_t colours[256][3], image_codec_picture *picture) {
  const GifImageDesc *frame = &file->Image;
  static const int firsts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
  for (int pass = 0; pass < (frame->Interlace ? 4 : 1); pass++) {
    int step = frame->Interlace ? steps[pass] : 1;
    for (int y = firsts[pass]; y < frame->Height; y += step) {
      if (DGifGetLine(file, job->row, frame->Width) == GIF_ERROR) return fail(job, file->Error);
      size_t start = (size_t)(frame->Top + y) * (size_t)picture->width + (size_t)frame->Left;
      uint8_t *target = picture->pixels + start * 3;
      for (int x = 0; x < frame->Width; x++, target += 3) memcpy(target, colours[job->row[x]], 3);
    }
  }
  return 0;
}

static int decode(GifFileType *file, gif_job *job, image_codec_limits limits, image_codec_picture *picture) {
  if (find_frame(file, job)) return -1;
  const GifImageDesc *frame = &file->Image;
  // A frame that reaches beyond the canvas makes it larger.
  int64_t right = (int64_t)frame->Left + frame->Width, bottom = (int64_t)frame->Top + frame->Height;
  uint64_t width = (uint64_t)(right > file->SWidth ? right : file->SWidth);
  uint64_t height = (uint64_t)(bottom > file->SHeight ? bottom : file->SHeight);
  if (image_codec_check_size(width, height, limits, job->message)) return -1;
  if (frame->Width <= 0 || frame->Height <= 0) {
    codec_say(job->message, "has a first frame of %dx%d pixels, so there is nothing to see", frame->Width, frame->Height);
    return -1;
  }
  uint8_t colours[256][3] = {{0}};
  list_colours(file, colours);
  picture->width = (int32_t)width;
  picture->height = (int32_t)height;
  picture->pixels = malloc(width * height * 3);
  job->row = malloc((size_t)frame->Width);
  if (!picture->pixels || !job->row) return fail(job, D_GIF_ERR_NOT_ENOUGH_MEM);
  // Around the frame lies the transparent colour, or else the first, as Pillow has it.
  const uint8_t *around = colours[job->transparent >= 0 ? job->transparent : 0];
  for (size_t i = 0; i < width * height; i++) memcpy(picture->pixels + 3 * i, around, 3);
  return read_rows(file, job, colours, picture);
}

int image_codec_decode_gif(
    const uint8_t *bytes, size_t count, image_codec_limits limits, image_codec_picture *picture,
    char *message) {
  memset(picture, 0, sizeof *picture);
  message[0] = 0;
  gif_job job = {.bytes = bytes, .count = count, .transparent = -1, .message = message};
  int error = D_GIF_SUCCEEDED;
  GifFileType *file = DGifOpen(&job, read_bytes, &error);
  int outcome = file ? decode(file, &job, limits, picture) : fail(&job, error);
  if (file) DGifCloseFile(file, &error);
  free(job.row);
  if (outcome) image_codec_free(picture);
  return outcome;
}
