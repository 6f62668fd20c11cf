"""How a lab is started and told what to do from outside."""
