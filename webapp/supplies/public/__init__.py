"""What everybody may see: who needs what, and who has offered what."""
