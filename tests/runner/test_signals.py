import os
import signal
import threading

import pytest

from specdl.runner.signals import Interrupted, Stop, Terminated


@pytest.fixture(autouse=True)
def handlers_stay():
    """A test begins with Python's own handlers, which a shell's background takes away, and leaves them."""
    given = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    assert {number: signal.getsignal(number) for number in before} == before
    signal.signal(signal.SIGINT, given)


@pytest.mark.parametrize(
    ("number", "kind", "code"), [(signal.SIGINT, Interrupted, 130), (signal.SIGTERM, Terminated, 143)]
)
def test_a_signal_only_asks(tmp_path, number, kind, code):
    with Stop() as stop:
        assert not stop.requested()
        os.kill(os.getpid(), number)
        assert stop.requested()
    error = stop.error("stopped", tmp_path)
    assert type(error) is kind
    assert (str(error), error.checkpoint, error.exit_code) == ("stopped", tmp_path, code)


def test_what_ends_a_process_ends_it_in_the_usual_way():
    assert issubclass(Interrupted, KeyboardInterrupt)
    assert issubclass(Terminated, SystemExit)
    assert Terminated("", None).code == 143


def test_a_second_signal_does_what_it_did_before():
    with Stop() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.requested()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_second_signal_can_be_taken_over():
    def leave(number):
        raise SystemExit(number)

    with Stop(leave):
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit) as caught:
            signal.raise_signal(signal.SIGINT)
    assert caught.value.code == signal.SIGINT


def test_handlers_are_restored_whatever_happens():
    with pytest.raises(ZeroDivisionError), Stop():
        raise ZeroDivisionError


def test_outside_of_the_main_thread_it_can_still_be_asked():
    def work():
        with Stop() as stop:
            stop.request(signal.SIGTERM)
            found.append(stop.requested())

    found = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [True]
