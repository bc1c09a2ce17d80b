"""The desktop app: everything Qt lives in this package."""
