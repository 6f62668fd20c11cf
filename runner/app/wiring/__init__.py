"""What all verbs share: options and fleet in, layers wired together, a walk carried out."""
