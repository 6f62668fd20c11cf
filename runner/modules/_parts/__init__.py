"""What several modules share: states, parameters, the ways to change a file or an account."""
