"""The signer: the one process that holds the key of a log. It remembers what it signed and never contradicts it."""
