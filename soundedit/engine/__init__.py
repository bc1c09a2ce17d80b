"""A loaded pack on a device: hears, inverts, generates and synthesises. Knows no Qt."""
