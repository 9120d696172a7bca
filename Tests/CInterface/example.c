/* Says what arbex thinks of some image files: example WEIGHTS IMAGE...
   With -t N before them, N threads share the model and each looks at all images; their answers must agree. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arbex.h"

struct work {
  const arbex_model *model;
  char **paths;
  int count;
  float *answers;
  int failures;
};

static unsigned char *content(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  unsigned char *bytes = NULL;
  size_t room = 0;
  *count = 0;
  for (;;) {
    if (*count == room) bytes = realloc(bytes, room = room ? 2 * room : 1 << 16);
    size_t got = bytes ? fread(bytes + *count, 1, room - *count, file) : 0;
    if (!got) break;
    *count += got;
  }
  fclose(file);
  return bytes;
}

static void *look(void *argument) {
  struct work *work = argument;
  int classes = arbex_class_count(work->model);
  for (int i = 0; i < work->count; i++) {
    size_t count = 0;
    char *error = NULL;
    unsigned char *bytes = content(work->paths[i], &count);
    float confidence = 0;
    if (!bytes || !arbex_classify_bytes(work->model, bytes, count, work->answers + i * classes, NULL, &confidence, &error)) {
      fprintf(stderr, "%s: %s\n", work->paths[i], error ? error : "cannot be read");
      work->failures++;
    }
    arbex_free_text(error);
    free(bytes);
  }
  return NULL;
}

int main(int count, char **words) {
  int threads = 1, first = 1;
  if (count > 2 && !strcmp(words[1], "-t")) threads = atoi(words[2]), first = 3;
  if (count < first + 2 || threads < 1 || threads > 64) return fprintf(stderr, "example [-t N] WEIGHTS IMAGE...\n"), 2;
  char *error = NULL;
  arbex_model *model = arbex_load(words[first], &error);
  if (!model) {
    fprintf(stderr, "%s\n", error);
    arbex_free_text(error);
    return 1;
  }
  int classes = arbex_class_count(model), images = count - first - 1, failures = 0;
  struct work works[64];
  pthread_t ids[64];
  for (int t = 0; t < threads; t++) {
    float *answers = calloc((size_t)images * classes, sizeof *answers);
    works[t] = (struct work){model, words + first + 1, images, answers, 0};
    if (pthread_create(&ids[t], NULL, look, &works[t])) return fprintf(stderr, "no thread\n"), 1;
  }
  for (int t = 0; t < threads; t++) {
    pthread_join(ids[t], NULL);
    failures += works[t].failures;
    if (memcmp(works[t].answers, works[0].answers, (size_t)images * classes * sizeof(float))) {
      fprintf(stderr, "thread %d answers otherwise than thread 0\n", t);
      failures++;
    }
  }
  for (int i = 0; i < images && !failures; i++)
    for (int c = 0; c < classes; c++)
      printf("%s\t%s\t%.9g\n", words[first + 1 + i], arbex_class_name(model, c), works[0].answers[i * classes + c]);
  for (int t = 0; t < threads; t++) free(works[t].answers);
  arbex_free(model);
  return failures ? 1 : 0;
}
