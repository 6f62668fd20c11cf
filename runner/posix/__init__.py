"""What modules and shells share about hosts with a POSIX shell: quoting, facts, detached jobs."""
