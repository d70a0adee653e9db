"""sqlite-utils, without the numpy that it imports wherever it finds it.

It does so to take numpy's numbers as values; the log has none. numpy is here for the picture of a
run alone, and a third of the bot's start would go into it (decision 0014).
"""

import sys

if "numpy" in sys.modules:
    from sqlite_utils import Database
else:
    sys.modules["numpy"] = None  # type: ignore[assignment]
    try:
        from sqlite_utils import Database
    finally:
        del sys.modules["numpy"]

__all__ = ["Database"]
