"""The whole house as processes, and somebody who pulls plugs."""
