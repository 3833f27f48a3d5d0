"""What happens when someone ...? The use cases, and the object that leads to them."""

from broadsheet.library.facade import Library

__all__ = ["Library"]
