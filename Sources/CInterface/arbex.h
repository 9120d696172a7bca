/* arbex: the classes of faces in C, and in everything that calls C.

   A model is a weight file that arbex trained (best.safetensors of a run's folder "checkpoints"); it holds its recipe, so nothing
   else is needed. Functions that can fail return 0 or NULL and leave a sentence at `error`, where that is not NULL;
   arbex_free_text gives it back. All of them may be called from any number of threads at once, also for one model; images of
   one model are then looked at one after another, each with all of the machine's cores.

     char *error = NULL;
     arbex_model *model = arbex_load("best.safetensors", &error);
     if (!model) { fprintf(stderr, "%s\n", error); arbex_free_text(error); return 1; }
     float *probabilities = malloc(arbex_class_count(model) * sizeof *probabilities);
     if (arbex_classify_bytes(model, bytes, count, probabilities, NULL, NULL, &error)) ...
     arbex_free(model);

   ARBEX_THREADS sets the number of threads. On a CPU that OpenBLAS does not know (`arbex doctor` tells) set OPENBLAS_CORETYPE
   before the process starts: the program `arbex` does so by itself, a library cannot. */
#ifndef ARBEX_H
#define ARBEX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct arbex_model arbex_model;

/* Loads a weight file. NULL where it cannot. */
arbex_model *arbex_load(const char *path, char **error);

/* Gives a model's memory back; no other call may use it any more. NULL is allowed. */
void arbex_free(arbex_model *model);

/* How many classes there are, and the length of every array of probabilities. */
int32_t arbex_class_count(const arbex_model *model);

/* The name of a class, 0 to count - 1, in UTF-8, valid as long as the model; NULL for another number. */
const char *arbex_class_name(const arbex_model *model, int32_t index);

/* The distribution over the classes for an image of width * height pixels, three bytes each, red, green and blue, row by row;
   a row takes `stride` bytes (0: 3 * width). The image should be a face, cropped as those that the model was trained on.
   probabilities: room for the balanced distribution, what `arbex predict` calls final.
   primary:       room for that of the head alone, or NULL.
   confidence:    room for the confidence of the balanced one, 0 to 1, or NULL.
   1 where it is done, 0 where it failed. */
int32_t arbex_classify_pixels(const arbex_model *model, const uint8_t *pixels, int32_t width, int32_t height, size_t stride,
                              float *probabilities, float *primary, float *confidence, char **error);

/* The same for the bytes of an image file of any kind that arbex reads, turned upright as it says. */
int32_t arbex_classify_bytes(const arbex_model *model, const uint8_t *bytes, size_t count, float *probabilities, float *primary,
                             float *confidence, char **error);

/* Gives a sentence's memory back. NULL is allowed. */
void arbex_free_text(char *text);

/* The version of arbex: "0.1.0". */
const char *arbex_version(void);

#ifdef __cplusplus
}
#endif
#endif
