"""One line per happening: a constant name and its facts, so that a journal can be searched without a parser."""

import logging

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class FactsFormatter(logging.Formatter):
    """``level name fact=value fact=value``; the time is systemd's business."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line; an exception's traceback follows it."""
        facts = [f"{name}={value!r}" for name, value in vars(record).items() if name not in _STANDARD]
        line = " ".join([record.levelname.lower(), record.getMessage(), *facts])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(level: str) -> None:
    """Send everything to standard error. aiosqlite's debugging prints statements with their values: never that."""
    handler = logging.StreamHandler()
    handler.setFormatter(FactsFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
