"""The lab's WinRM end: HTTP, logons, WS-Management."""
