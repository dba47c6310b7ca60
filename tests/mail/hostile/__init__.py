"""Mail made to hurt, the whole way: over the wire, through the ledger, into a real worker whose memory is measured."""
