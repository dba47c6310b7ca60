"""SAML 2.0: what is asked of an identity provider, and what of its answer is believed."""
