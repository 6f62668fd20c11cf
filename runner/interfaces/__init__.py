"""What plug-ins implement: Module, Transport and Connection, Shell. And what they exchange."""
