"""What all of the lab's ends of the wire share: a port, its loop, its books, the host behind it."""
