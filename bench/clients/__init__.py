"""What the runner is compared with: small programs on pywinrm and pypsrp, each in a process."""
