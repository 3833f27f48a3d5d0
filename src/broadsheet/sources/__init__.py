"""What is new out there? One file per source; each yields records, observations and faults."""

from broadsheet.sources.detect import open_files
from broadsheet.sources.reread import reread

__all__ = ["open_files", "reread"]
