"""Where programs become nests of loops, for backends that generate code; no backend here does so yet."""
