"""Failures that are provoked by a test of their own, and by which: ``file::test``, or a pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    # Only a defect of ours, or of pywinrm, brings it about: the wire is driven without a transport.
    "we were about to send in clear": (
        "tests/transports/winrm/test_lean.py::test_the_last_door_lets_nothing_out_unsealed",
        "tests/transports/winrm/test_wire.py::test_no_message_ever_leaves_in_clear_text",
        "tests/transports/winrm/test_wire.py::test_a_wire_that_failed_sends_nothing_again",
    ),
    # It is no failure of the transport, but of the task.
    "memory of a shell used up: a program ends with 0xC0000017, 0xC000009A or 0xC000012D, or says "
    '`OutOfMemoryException`, "not enough memory resources", "not enough storage is available"': (
        "tests/e2e/test_memory.py::*",
    ),
}
"""Rows that are provoked by these tests."""

BEYOND: Mapping[str, tuple[str, ...]] = {
    "HTTP.sys drops an idle connection after 120 s (here after 0.05 s)": (
        "tests/transports/winrm/test_commands.py::test_a_connection_that_was_dropped_while_idle",
    ),
    "a reboot: refused, 503, 401 one after the other": ("tests/e2e/test_restarts.py::*",),
    "an old host opened a shell, and its answer was lost": (
        "tests/transports/winrm/test_strays.py::test_a_shell_whose_answer_was_lost",
    ),
    "the host does not offer the logon, or not under that name": (
        "tests/transports/winrm/test_offers.py::*",
    ),
    "the controller can open no more files": ("tests/transports/test_shortage.py::*",),
}
"""What goes wrong besides, and is no row of the table."""

_SSH: Final = "tests/transports/ssh/test"
SSH: Mapping[str, tuple[str, ...]] = {
    "name not known, nobody listens, no answer": (
        f"{_SSH}_breaks.py::test_nobody_listens",
        f"{_SSH}_breaks.py::test_a_name_that_is_not_known",
        f"{_SSH}_breaks.py::test_packets_that_are_dropped",
    ),
    "the connection is closed without a greeting: sshd is starting, or drops some of many "
    "(`MaxStartups`)": (
        f"{_SSH}_breaks.py::test_a_connection_that_sshd_drops_is_made_again",
        f"{_SSH}_breaks.py::test_a_server_that_has_no_place_is_asked_three_times",
    ),
    "no or wrong host key": (
        f"{_SSH}_transport.py::test_an_unknown_host_key_is_refused_and_can_be_accepted_once",
        f"{_SSH}_transport.py::test_a_changed_host_key_is_never_accepted",
        f"{_SSH}_trust.py::test_a_certificate_that_does_not_hold",
    ),
    "keys and password refused": (
        f"{_SSH}_transport.py::test_a_key_that_is_not_authorized",
        f"{_SSH}_transport.py::test_a_wrong_password_is_tried_once",
        f"{_SSH}_lab.py::test_a_wrong_password_is_tried_once",
    ),
    "something else answers, no common algorithm": (
        f"{_SSH}_breaks.py::test_something_else_answers",
        f"{_SSH}_breaks.py::test_no_common_algorithm",
    ),
    "the host opens no session": (
        f"{_SSH}_breaks.py::test_no_sessions_at_all",
        f"{_SSH}_breaks.py::test_one_session_at_a_time_is_enough",
    ),
    "the connection breaks under a command": (
        f"{_SSH}_breaks.py::test_a_lost_connection_may_have_started",
    ),
    "the command's session ends without an exit code": (
        f"{_SSH}_breaks.py::test_a_session_without_an_exit_code",
    ),
    "the task's time is over": (
        f"{_SSH}_breaks.py::test_a_hanging_command_is_ended_on_the_host",
        f"{_SSH}_breaks.py::test_a_host_that_stands_still_is_waited_for_no_longer_than_asked",
    ),
}
"""The rows of the table in docs/ssh.md, and the tests that provoke each."""
