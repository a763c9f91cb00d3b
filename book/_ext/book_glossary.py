"""What a term means, beside every link to it: its title, as that of a citation.

A browser shows titles to a mouse; lookup.js shows them on focus too.
"""

from docutils import nodes
from sphinx.application import Sphinx

GLOSSARY = "book/glossary"


def meanings(glossary: nodes.document) -> dict[str, str]:
    """Return what each entry says, without its arrow, by the ids of its terms."""
    found = {}
    for entry in glossary.findall(nodes.definition_list_item):
        says = " ".join(entry[-1].astext().partition("→")[0].split())
        found |= {term["ids"][0]: says for term in entry.findall(nodes.term)}
    return found


def add_titles(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Give a page's links to the glossary their titles."""
    terms = [it for it in doctree.findall(nodes.inline) if "std-term" in it["classes"]]
    links = [it.parent for it in terms if isinstance(it.parent, nodes.reference)]
    means = meanings(app.env.get_doctree(GLOSSARY)) if links else {}
    for link in links:
        target = link.get("refid") or link["refuri"].partition("#")[2]
        link["reftitle"] = means[target]


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("doctree-resolved", add_titles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
