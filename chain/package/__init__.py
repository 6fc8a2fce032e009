"""Evidence package format v1: ZIP profile, manifest, list of contents, proofs (docs/evidence-spec.md)."""

from chain.package.zip_profile import MAX_BYTES, PackageError, read_package, write_package

__all__ = ["MAX_BYTES", "PackageError", "read_package", "write_package"]
