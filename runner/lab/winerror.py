"""Win32 error codes and their texts.

Source: Microsoft "System Error Codes (0-499)" and "(1000-1299)".
"""

from __future__ import annotations

__all__ = ["MESSAGES", "WindowsError"]

FILE_NOT_FOUND = 2
ACCESS_DENIED = 5
MORE_DATA = 234
DEPENDENT_SERVICES_RUNNING = 1051
INVALID_SERVICE_CONTROL = 1052
SERVICE_ALREADY_RUNNING = 1056
SERVICE_DISABLED = 1058
SERVICE_DOES_NOT_EXIST = 1060
SERVICE_CANNOT_ACCEPT_CTRL = 1061
SERVICE_NOT_ACTIVE = 1062
SERVICE_DEPENDENCY_FAIL = 1068
SERVICE_MARKED_FOR_DELETE = 1072
SERVICE_EXISTS = 1073
SERVICE_DEPENDENCY_DELETED = 1075
SHUTDOWN_IN_PROGRESS = 1115
NO_SHUTDOWN_IN_PROGRESS = 1116
SHUTDOWN_IS_SCHEDULED = 1190
INVALID_COMMAND_LINE = 1639

MESSAGES = {
    2: "The system cannot find the file specified.",
    5: "Access is denied.",
    87: "The parameter is incorrect.",
    234: "More data is available.",
    1051: "A stop control has been sent to a service that other running services are dependent on.",
    1052: "The requested control is not valid for this service.",
    1056: "An instance of the service is already running.",
    1057: "The account name is invalid or does not exist, or the password is invalid for the "
    "account name specified.",
    1058: "The service cannot be started, either because it is disabled or because it has no "
    "enabled devices associated with it.",
    1060: "The specified service does not exist as an installed service.",
    1061: "The service cannot accept control messages at this time.",
    1062: "The service has not been started.",
    1068: "The dependency service or group failed to start.",
    1072: "The specified service has been marked for deletion.",
    1073: "The specified service already exists.",
    1075: "The dependency service does not exist or has been marked for deletion.",
    1115: "A system shutdown is in progress.",
    1116: "Unable to abort the system shutdown because no shutdown was in progress.",
    1190: "A system shutdown has already been scheduled.",
    1639: "Invalid command line argument. Consult the Windows Installer SDK for detailed command "
    "line help.",
}


class WindowsError(Exception):
    """A call to the simulated system failed with this Win32 error code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"{code}: {self.message}")

    @property
    def message(self) -> str:
        """The system's text for the code."""
        return MESSAGES.get(self.code, f"Error {self.code}.")
