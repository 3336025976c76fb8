"""Where generated C will run a program's nests; `backend="c"` is refused with a message until then."""
