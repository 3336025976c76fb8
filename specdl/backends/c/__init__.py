"""Runs a program's nests as generated C: expressions, rows, columns, products, and the loop over an epoch."""
