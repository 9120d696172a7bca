// Without the trait Faces there is nothing here, and dlib is not needed.
#ifdef ARBEX_FACES
#include "CDlib.h"

#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

#include <dlib/array2d.h>
#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_transforms.h>

struct arbex_dlib {
  dlib::frontal_face_detector detector;
  dlib::shape_predictor points;
  bool has_points = false;
};

namespace {
// What `body` returns; -1, and what went wrong, where it throws.
template <typename Body> long guarded(char *message, Body body) {
  try {
    return body();
  } catch (const std::exception &error) {
    std::snprintf(message, ARBEX_DLIB_MESSAGE, "%s", error.what());
  } catch (...) {
    std::snprintf(message, ARBEX_DLIB_MESSAGE, "dlib failed without a word");
  }
  return -1;
}
}  // namespace

arbex_dlib *arbex_dlib_open(const char *points, char *message) {
  arbex_dlib *opened = nullptr;
  guarded(message, [&] {
    auto made = std::make_unique<arbex_dlib>();
    made->detector = dlib::get_frontal_face_detector();
    if (points) {
      dlib::deserialize(points) >> made->points;
      if (made->points.num_parts() != ARBEX_FACE_POINTS) throw dlib::error("it does not have 68 points");
      made->has_points = true;
    }
    opened = made.release();
    return 0L;
  });
  return opened;
}

void arbex_dlib_close(arbex_dlib *dlib) { delete dlib; }

long arbex_dlib_find(
    const arbex_dlib *dlib, const uint8_t *pixels, long width, long height, int upsample, double threshold,
    arbex_dlib_face *faces, long room, char *message) {
  return guarded(message, [&]() -> long {
    dlib::array2d<unsigned char> image(height, width);
    for (long y = 0; y < height; ++y)
      for (long x = 0; x < width; ++x) {
        const uint8_t *pixel = pixels + 3 * (y * width + x);
        dlib::assign_pixel(image[y][x], dlib::rgb_pixel(pixel[0], pixel[1], pixel[2]));
      }
    dlib::pyramid_down<2> pyramid;
    for (int doubling = 0; doubling < upsample; ++doubling) dlib::pyramid_up(image, pyramid);
    // Looking for faces changes a detector, so each call has its own.
    auto detector = dlib->detector;
    std::vector<dlib::rect_detection> found;
    detector(image, found, threshold);
    for (long index = 0; index < (long)found.size() && index < room; ++index) {
      const auto &rect = found[index].rect;
      auto &face = faces[index];
      // Back to the image's own size, by the middle of pixels.
      const auto place = [&](double x, double y) { return pyramid.point_down(dlib::dpoint(x, y), upsample); };
      const auto first = place(rect.left(), rect.top()), last = place(rect.right(), rect.bottom());
      face.left = std::lround(first.x());
      face.top = std::lround(first.y());
      face.right = std::lround(last.x()) + 1;
      face.bottom = std::lround(last.y()) + 1;
      face.score = found[index].detection_confidence;
      if (!dlib->has_points) continue;
      const auto shape = dlib->points(image, rect);
      for (unsigned long point = 0; point < ARBEX_FACE_POINTS; ++point) {
        const auto at = place(shape.part(point).x(), shape.part(point).y());
        face.points[2 * point] = (float)at.x();
        face.points[2 * point + 1] = (float)at.y();
      }
    }
    return (long)found.size();
  });
}
#endif
