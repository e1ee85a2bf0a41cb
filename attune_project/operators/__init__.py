"""The operator's pages, in a process of their own: no notes, no keys, and nobody in without a passkey (ADR 11)."""
