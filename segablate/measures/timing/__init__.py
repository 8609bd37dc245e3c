"""Time that can be quoted: devices, the protocol, statistics, flags; ways to run networks are in `runtimes`."""
