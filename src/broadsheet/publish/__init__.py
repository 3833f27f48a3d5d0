"""What bytes leave the house? Papers in, bytes out.

Pure: no file, no network, no clock. One module per format.

- ``feed`` makes papers entries; ``atom``, ``rss`` and ``jsonfeed`` write them.
- ``bibtex``, ``ris`` and ``csl`` are for reference managers, ``markdown`` for people and models.
- ``metatags``, ``coins`` and ``schemaorg`` give a paper's page what Zotero and crawlers read.
- ``opensearch`` tells a browser how to search here.
- ``work`` and ``names`` hold what they share, ``xml`` how XML is written.
"""
