"""Time that can be quoted: devices, the protocol, statistics, flags; `runtimes` says how networks are run."""
