"""Logs: one JSON line an event, on standard error, with a request id, and never a secret.

The query of a URL is cut off always: Exact Online hands the authorization code back in one, and members are searched by name. The
address Congressus calls holds a secret, which is taken out of every line, whoever wrote it.
"""

import logging.config
import re
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django_structlog.middlewares import RequestMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest

_shared: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


_WEBHOOK = re.compile(r"(/congressus/webhook/)[^/?\s\"'<>]+", re.IGNORECASE)


def without_webhook_secret(logger: object, method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """The last processor before a line is written: sees messages, tracebacks and paths alike."""
    for name, value in event.items():
        if isinstance(value, str) and "webhook" in value:
            event[name] = _WEBHOOK.sub(r"\1...", value)
    return event


class RequestLogMiddleware(RequestMiddleware):
    """django-structlog's middleware, which would log the full path with its query."""

    @staticmethod
    def format_request(request: "HttpRequest") -> str:
        return _WEBHOOK.sub(r"\1...", f"{request.method} {request.path}")


def configure() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [*_shared, structlog.processors.format_exc_info],
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        without_webhook_secret,
                        structlog.processors.JSONRenderer(),
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": "DEBUG" if settings.DEBUG else "INFO"},
            "loggers": {
                # One line a request is enough, and it is ours: these repeat it, with the query.
                "django.server": {"handlers": [], "propagate": False},
                "django.request": {"level": "ERROR"},
                "urllib3": {"level": "WARNING"},
                "celery": {"level": "INFO"},
                "kombu": {"level": "WARNING"},
            },
        }
    )
