"""The one error that a user's request can cause."""


class RequestError(Exception):
    """The request is wrong or cannot be served; its message is one line: where, expected, found, fix.

    Commands print it on stderr and exit with code 2; in a worker it becomes a failed record.
    """
