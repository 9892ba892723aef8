"""The chain: contract on an EVM in this process, follower against a node of its own, both for tests only."""
