"""What `check --data` says of samples that can be trained on and are still suspect.

Everything here is a warning: the samples have the types, shapes and ranges that the model takes.
"""

from specdl.data.examine.examine import examine

__all__ = ["examine"]
