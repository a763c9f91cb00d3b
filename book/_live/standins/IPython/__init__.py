"""As much of IPython as the chapters and Matplotlib ask for."""

from . import display as display

version_info = (9, 0, 0)


def get_ipython():
    return None
