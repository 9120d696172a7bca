// A thin C shim over dlib's face detector and its 68 points. No exception crosses it: what fails is told in words.
#ifndef ARBEX_CDLIB_H
#define ARBEX_CDLIB_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ARBEX_FACE_POINTS 68

// A detector and, perhaps, what knows the points of a face. Only read after it was opened: any thread may use it.
typedef struct arbex_dlib arbex_dlib;

typedef struct {
  long left, top, right, bottom;  // The first pixel and the one behind the last.
  double score;                   // Distance from the detector's border, above 0 on the side of faces.
  float points[2 * ARBEX_FACE_POINTS];  // x and y of each point, in pixels; where there are points.
} arbex_dlib_face;

// Room for a sentence.
#define ARBEX_DLIB_MESSAGE 256

// `points`: the file of a shape predictor with 68 points; NULL for none. NULL, and a sentence, where that fails.
arbex_dlib *arbex_dlib_open(const char *points, char *message);
void arbex_dlib_close(arbex_dlib *);

// Finds the faces of an image of eight-bit RGB, after `upsample` doublings. Returns how many there are, of which the first
// `room` are in `faces`, the surest first; -1, and a sentence, where it fails.
long arbex_dlib_find(
    const arbex_dlib *, const uint8_t *pixels, long width, long height, int upsample, double threshold,
    arbex_dlib_face *faces, long room, char *message);

#ifdef __cplusplus
}
#endif
#endif
