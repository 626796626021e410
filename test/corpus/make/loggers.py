"""Writes one line a level with each of Python's common loggers: python main.py <logger>"""
import logging
import sys

which = sys.argv[1]
formats = {
    "logging-basic": logging.BASIC_FORMAT,
    "logging-asctime": "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
    "logging-bracket": "%(asctime)s [%(levelname)s] %(name)s: %(message)s",
}


def levels(log):
    log.debug("cache miss, expects 20")
    log.info("request done, expects 30")
    log.warning("slow query, expects 40")
    try:
        {}["key"]
    except KeyError:
        log.error("no connection, expects 50", exc_info=which.endswith("json"))
    log.critical("disk gone, expects 60")


if which in formats:
    logging.basicConfig(format=formats[which], level=logging.DEBUG, stream=sys.stdout)
    levels(logging.getLogger("shop.orders"))
elif which == "python-json":
    from pythonjsonlogger.json import JsonFormatter

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(process)d %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.DEBUG)
    levels(logging.getLogger("shop.orders"))
elif which == "structlog-json":
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    levels(structlog.get_logger())
elif which == "loguru":
    from loguru import logger

    logger.remove()
    logger.add(sys.stdout, level="TRACE")
    logger.trace("every byte, expects 10")
    logger.success("order placed, expects 30")
    levels(logger)
