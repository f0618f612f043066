"""The site: ``sphinx-build -W docs build/docs``, or ``make docs``. It needs no network, and its pages ask for none."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

project = "security-dilemma"
author = "the contributors of security-dilemma"
copyright = author
version = release = version_of("security-dilemma")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]
exclude_patterns = ["generators", "reference/generated/*.part.md"]
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!security_dilemma).*")]  # what other libraries have is not described here

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # notebooks are shown with the outputs that are committed; their own tests execute them
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # no notebook has widgets, whose scripts would come from elsewhere

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"show-inheritance": True, "exclude-members": "model_config"}
autosummary_generate = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False

html_theme = "furo"
html_title = "security-dilemma"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"


def setup(app: Any) -> None:
    """Write what is generated from the code before Sphinx looks for pages."""
    from docs.generators import fields, offered, signatures, site

    app.config.autodoc_type_aliases = signatures.aliases()

    app.connect("builder-inited", lambda app: site.write(Path(app.srcdir)))
    app.connect("autodoc-process-docstring", fields.describe, priority=400)  # napoleon's is 500
    app.connect("autodoc-process-signature", signatures.shown)
    app.connect("doctree-read", offered.qualify)
    app.connect("doctree-read", signatures.leave_out_values)
    app.connect("missing-reference", offered.resolve)
