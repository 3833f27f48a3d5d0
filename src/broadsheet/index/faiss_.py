"""faiss as its Python layer shows it: the type stubs that it ships know only the C++ one."""

from __future__ import annotations

import importlib
from typing import Any

faiss: Any = importlib.import_module("faiss")
