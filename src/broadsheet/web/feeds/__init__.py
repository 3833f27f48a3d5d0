"""What is new? Every list as Atom, RSS and JSON Feed, and how a browser searches here."""

from broadsheet.web.feeds import editions_feed, opensearch_show, searches_feed

ROUTERS = [editions_feed.router, searches_feed.router, opensearch_show.router]
