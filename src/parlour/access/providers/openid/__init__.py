"""OpenID Connect: what an issuer says of itself, its keys, and what its tokens say of somebody."""
