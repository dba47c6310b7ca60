"""Passkeys: keys in people's devices that sign what we ask. The only factor, or the second."""
