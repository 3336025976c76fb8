"""Where programs become nests of loops, for backends that generate code."""
