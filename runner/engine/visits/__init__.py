"""What a verb does at each job: check, run, resume, rollback."""
