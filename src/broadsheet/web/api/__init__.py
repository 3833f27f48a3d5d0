"""How does a program ask? The JSON API, what other clients already speak, papers as files.

Order matters: a paper's name may hold slashes, so addresses with more to say come first.
"""

from broadsheet.web.api import (
    editions_list,
    paper_show,
    papers_search,
    shelves_list,
    status_show,
)

ROUTERS = [
    papers_search.router,
    editions_list.router,
    shelves_list.router,
    status_show.router,
    paper_show.router,
]
