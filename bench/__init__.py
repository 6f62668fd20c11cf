"""What running tasks on many Windows hosts costs the controller, compared with other clients.

Not a test and not part of the package: ``make bench``, ``make bench-scale``. See
docs/performance.md for what is measured and what the numbers were.
"""
