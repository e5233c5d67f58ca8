"""Read images from files: complete ones of common formats, in the colours and position intended.

Problem. A truncated image, or one that unpacks to gigabytes, ends a run of hours or the machine.
Solution. All headers are read before the run, with the sizes; pixels are decoded in batches.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from nullprobe._core import validation
from nullprobe.models import packages

# Formats whose readers run no other program.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
MOST_PIXELS = 1 << 26  # 67 million: 200 MB in memory


def check(paths: Sequence[Path]) -> str:
    """Return a hash of the content of all images, after a check of their headers.

    Raises
    ------
    InputError
        If a file does not exist, is not an image, or has too many pixels; the message names it.
    """
    packages.need(["PIL"], "images", extra="images")
    if not paths:
        validation.complain("at least one image is needed", "there are none")
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        if not path.is_file():
            validation.complain(f"File not found: {str(path)!r}", "there is no such image")
        with _open(path):
            pass
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def read(path: Path) -> Any:
    """Return an image as ``PIL.Image`` in RGB, turned as its camera noted.

    Raises
    ------
    InputError
        If the file is truncated or damaged.
    """
    with _open(path) as image:
        return import_module("PIL.ImageOps").exif_transpose(image).convert("RGB")


def files_in(folder: Path) -> list[Path]:
    """Return the images of a folder and of its folders, in the order of their paths."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    """Open an image within the block; errors of the library name the file."""
    library = import_module("PIL.Image")
    try:
        with warnings.catch_warnings():
            # We compare sizes ourselves; other warnings are about odd metadata.
            warnings.simplefilter("ignore")
            with library.open(path, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    validation.complain(
                        f"an image may have at most {MOST_PIXELS:,} pixels",
                        f"{str(path)!r} has {image.width:,} × {image.height:,}",
                        "scale it down",
                    )
                yield image
    except validation.InputError:
        raise
    except library.DecompressionBombError as error:
        raise validation.InputError(
            f"an image may have at most {MOST_PIXELS:,} pixels",
            f"{str(path)!r} has more",
            "scale it down",
        ) from error
    except (OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError) as error:
        why = " ".join(str(error).split())[:200].rstrip(".")
        raise validation.InputError(
            f"{str(path)!r} must be a complete image ({', '.join(FORMATS)})",
            f"reading it failed with {type(error).__name__}: {why}",
            "leave it out, or save it again",
        ) from error
