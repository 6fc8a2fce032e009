"""From a landed file to a raw frame: every cell text, one column a schema column, and `_row` (1 = first data row)."""

from api.exchange.service.readers.frames import FORMATS, RawFile, format_of, read_file

__all__ = ["FORMATS", "RawFile", "format_of", "read_file"]
