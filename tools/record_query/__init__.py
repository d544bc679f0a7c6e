"""SQL over one patient's record: read only, in a process that can open nothing, every row with its evidence."""

from tools.record_query.query import query_record

__all__ = ["query_record"]
