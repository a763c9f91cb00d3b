"""How an extension changes whole pages, as their templates have been rendered."""

from collections.abc import Callable

from sphinx.application import Sphinx


def rewrite(app: Sphinx, change: Callable[[str], str]) -> None:
    """Have each page changed before it is written, after what asked earlier."""
    if templates := getattr(app.builder, "templates", None):  # some builders have none
        render = templates.render
        templates.render = lambda name, context: change(render(name, context))
