"""The structures of `include/runtime.h`, which says what their fields mean, for ctypes."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_double, c_int64, c_void_p


class CCall(Structure):
    """`call`: one call of a nest function."""

    _fields_ = [("fn", c_void_p), *((n, c_int64) for n in ("base", "times", "fixed", "grain", "flags"))]


class CSpan(Structure):
    """`span`: the units of a call that a thread runs."""

    _fields_ = [("lo", c_int64), ("hi", c_int64)]


class CSchedule(Structure):
    """`schedule`: calls and what they need."""

    _fields_ = [
        ("calls", POINTER(CCall)),
        ("count", c_int64),
        ("early", c_int64),
        ("pointers", c_void_p),
        ("numbers", c_void_p),
        ("slots", c_void_p),
        ("loss", c_void_p),
        ("scratch", c_void_p),
        ("scratch_each", c_int64),
        ("spans", c_void_p),
    ]


class CTeam(Structure):
    """`team`: threads."""

    _fields_ = [("threads", c_int64), *((n, c_void_p) for n in ("parallel", "thread", "size", "barrier"))]


class COrder(Structure):
    """`order`: how an epoch is shuffled."""

    _fields_ = [
        *((n, c_int64) for n in ("rows", "height", "width", "rounds", "together", "first_group")),
        ("keys", c_void_p),
        ("words", c_int64),
        ("tables", c_void_p),
        ("tables_each", c_int64),
    ]


class CColumn(Structure):
    """`column`: resident data and the buffer of a batch."""

    _fields_ = [("from_", c_void_p), ("bytes", c_int64), ("to", c_void_p), ("pitch", c_int64)]


class CTraining(Structure):
    """`training`: a stretch of steps."""

    _fields_ = [
        ("schedule", POINTER(CSchedule)),
        ("team", POINTER(CTeam)),
        ("order", POINTER(COrder)),
        ("columns", POINTER(CColumn)),
        *((n, c_int64) for n in ("column_count", "batch_size", "steps_per_epoch", "first", "count")),
        ("first_t", c_double),
        ("rates", c_void_p),
        ("losses", c_void_p),
        *((n, c_int64) for n in ("budget_ns", "done", "why")),
    ]


class CEvaluation(Structure):
    """`evaluation`: consecutive rows through a schedule."""

    _fields_ = [
        ("schedule", POINTER(CSchedule)),
        ("team", POINTER(CTeam)),
        ("in_", POINTER(CColumn)),
        ("in_count", c_int64),
        ("out", POINTER(CColumn)),
        *((n, c_int64) for n in ("out_count", "rows", "batch_size")),
        ("losses", c_void_p),
    ]


STRUCTURES = (CCall, CSpan, CSchedule, CTeam, COrder, CColumn, CTraining, CEvaluation)
"""In the order of the library's `specdl_sizes`, after the size of a number."""
