"""A man in the middle for MQTT 5 over TCP or TLS: bad weather, and whoever wants to alter what passes."""
