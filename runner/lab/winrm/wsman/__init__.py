"""WS-Management as Windows answers it: envelopes, shells, commands, faults."""
