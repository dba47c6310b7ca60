"""Portal tokens: an organization's own site says who its visitor is, and signs it (JWT, RFC 7519)."""
