"""Says what arbex thinks of an image's pixels: example.py LIBRARY WEIGHTS WIDTH HEIGHT < RGB bytes

The class names with their probabilities, as JSON. Nothing but Python's own library is needed.
"""
import ctypes
import json
import sys


class Model:
    """A trained model; errors become exceptions."""

    def __init__(self, library, weights):
        self.arbex = ctypes.CDLL(library)
        self.arbex.arbex_load.restype = ctypes.c_void_p
        self.arbex.arbex_class_name.restype = ctypes.c_char_p
        self.arbex.arbex_class_name.argtypes = [ctypes.c_void_p, ctypes.c_int32]
        for name in ("arbex_free", "arbex_class_count", "arbex_free_text"):
            getattr(self.arbex, name).argtypes = [ctypes.c_void_p]
        self.arbex.arbex_classify_pixels.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32, ctypes.c_size_t,
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        error = ctypes.c_void_p()
        self.model = self.arbex.arbex_load(weights.encode(), ctypes.byref(error))
        if not self.model:
            raise self.problem(error)
        count = self.arbex.arbex_class_count(self.model)
        self.classes = [self.arbex.arbex_class_name(self.model, place).decode() for place in range(count)]

    def __del__(self):
        self.arbex.arbex_free(getattr(self, "model", None))

    def problem(self, error):
        text = ctypes.string_at(error.value).decode()
        self.arbex.arbex_free_text(error)
        return ValueError(text)

    def classify(self, pixels, width, height):
        """The balanced distribution over the classes of an RGB image."""
        if len(pixels) != 3 * width * height:
            raise ValueError(f"{len(pixels)} bytes are not {width}x{height} pixels")
        probabilities = (ctypes.c_float * len(self.classes))()
        error = ctypes.c_void_p()
        if not self.arbex.arbex_classify_pixels(
                self.model, pixels, width, height, 0, probabilities, None, None, ctypes.byref(error)):
            raise self.problem(error)
        return dict(zip(self.classes, probabilities))


if __name__ == "__main__":
    library, weights, width, height = sys.argv[1:]
    print(json.dumps(Model(library, weights).classify(sys.stdin.buffer.read(), int(width), int(height))))
