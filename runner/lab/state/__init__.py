"""What a simulated Windows holds: registry, services, files, accounts and the rest."""
