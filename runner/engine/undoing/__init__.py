"""A recorded change on its way back."""
