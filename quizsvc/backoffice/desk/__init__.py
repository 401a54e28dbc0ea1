"""The desk: the pages of clerks, operators, auditors and partners. Rendered on the server, usable without script.

`access` says who may open which page, `cookie` keeps a sign-in, `render` fills the templates; a module per topic holds
the views: parse, ask the slices' services, render. `pages` puts them together. A page more is a line in `access.PAGES`
and in the matrix of its test, a view in its topic, and a template that extends `desk/base.html`.
"""
