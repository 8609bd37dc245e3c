"""Time that can be quoted: devices, the protocol, statistics, flags; how networks are run is in `runtimes`."""
