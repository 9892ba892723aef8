"""`python -m webapp.signer`."""

from webapp.signer.commands import signer_group

signer_group(prog_name="ashiato signer")
