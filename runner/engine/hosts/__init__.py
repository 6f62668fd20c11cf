"""One host as a run holds it: access, link, sessions, lease, what it prints."""
