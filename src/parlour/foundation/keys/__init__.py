"""Keys at rest: a master wraps each organization's data keys, a data key seals what is secret of it.

    master key   (file, environment, KMS)  ─┐
    key half     (one an organization)     ─┴▶ wraps ──▶ data key, by version ──▶ seals values and blobs

`docs/decisions/` says why there is a half: it lies in no backup, so that to delete it is to destroy the organization's
secrets in all of them.
"""
