"""What can go wrong with the servers on this machine."""


class EmbeddedError(Exception):
    """A server cannot be found, made or started. The message is one sentence that says how to mend it."""
