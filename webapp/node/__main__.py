"""`python -m webapp.node run …`: the same as `ashiato node run …`, without the town's programs around it."""

from webapp.node.commands import node

if __name__ == "__main__":
    node(prog_name="ashiato node")
