"""Both upstream systems, simulated: one server on a loopback port, which calls nobody."""
